// ReadSink and WriteSource: the far side of read(2) and write(2), memory of the process or the
// caller's own. Linux's struct iov_iter.
//
// read(2) hands over page-sized pieces, one at a time, in ascending order; the page of the cache it
// works on cannot go while it does. write(2) asks for pieces as large as the folio they go to.
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
  // Faults in the place for the next bytes, up to the first page that cannot be; for how many.
  virtual uint64_t fault_in_place(uint64_t length_bytes) = 0;
  // Leaves the next bytes as they are.
  virtual void skip(uint64_t length_bytes) = 0;
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
  // The same, but that it ends before the first page that would have to be faulted in.
  virtual uint64_t give_mapped(std::span<std::byte> piece) { return give(piece); }
  // Faults in what holds the next bytes, up to the first page that cannot be; how many they are.
  // Source: Linux lib/iov_iter.c fault_in_iov_iter_readable().
  virtual uint64_t fault_in(uint64_t length_bytes) = 0;
  // The last `length_bytes` that were given are to be given again.
  virtual void take_back(uint64_t length_bytes) = 0;
};

}  // namespace faultline::proc
