// ReadSink and WriteSource: the far side of read(2) and write(2), memory of the process or the
// caller's own. Linux's struct iov_iter.
//
// The system call hands over page-sized pieces, one at a time, in ascending order; the page of the
// cache it works on cannot go while it does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace faultline::proc {

// Some of the bytes that a call moves.
struct Part {
  uint64_t offset_bytes = 0;  // from the first
  uint64_t length_bytes = 0;
};

class ReadSink {
 public:
  virtual ~ReadSink() = default;
  // Whether so many bytes from the sink's start lie in user space. Linux's access_ok().
  virtual bool address_ok(uint64_t length_bytes) const = 0;
  // Whether a disk with sectors of that size can move these bytes of it (O_DIRECT): they are one
  // piece within a page, or pieces that begin and end with sectors. Source: Linux block/blk-merge.c
  // bio_split_io_at(); measured, 6.18.
  virtual bool sectors_ok(Part part, uint64_t sector_bytes) const = 0;
  // Takes the next bytes; how many, which is less than all where memory cannot be touched.
  virtual uint64_t take(std::span<const std::byte> piece) = 0;
};

class WriteSource {
 public:
  virtual ~WriteSource() = default;
  virtual bool address_ok(uint64_t length_bytes) const = 0;
  virtual bool sectors_ok(Part part, uint64_t sector_bytes) const = 0;
  // Gives the next bytes; how many, which is less than all where memory cannot be touched.
  virtual uint64_t give(std::span<std::byte> piece) = 0;
  // The same, but that it ends before a page that must be faulted in first, unless it begins there:
  // then it faults in all that holds the piece. 0: memory cannot be touched.
  virtual uint64_t give_mapped(std::span<std::byte> piece) { return give(piece); }
};

}  // namespace faultline::proc
