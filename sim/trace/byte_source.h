// ByteSource: where the bytes of a trace come from: a file, a pipe, a decompressor. The part that
// read(2) plays for a program.
//
// Units: bytes. Threads: a source belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "faultline/input_error.h"
#include "faultline/result.h"

namespace faultline::trace {

// What one read asks for.
inline constexpr std::size_t kReadBytes = 256 << 10;

// The bytes of a regular file, in any order. Offsets count from where the source began.
class SeekableBytes {
 public:
  virtual ~SeekableBytes() = default;
  virtual std::uint64_t size_bytes() const = 0;
  // Whether all of `into` could be filled with the bytes at `offset`; read() is where it was.
  virtual bool read_at(std::uint64_t offset, std::span<char> into) const = 0;
  // The next read() is of the bytes at `offset`. False: it is where it was.
  virtual bool seek(std::uint64_t offset) = 0;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills the front of `into` with the next bytes, says how many; 0 is the end, for good. May give
  // fewer bytes than there are.
  // Errors: the source cannot be read, with its place. The bytes before it have all been handed
  // out; each later call fails in the same way.
  // REQUIRES: `into` is not empty.
  virtual Result<std::size_t, InputError> read(std::span<char> into) = 0;

  // Null: it can only be read in order. It belongs to the source.
  virtual SeekableBytes* seekable() { return nullptr; }
};

}  // namespace faultline::trace
