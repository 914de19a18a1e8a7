// ByteSource: where the bytes of a trace come from: a file, a pipe, a decompressor. The part that
// read(2) plays for a program.
//
// Units: bytes. Threads: a source belongs to one thread.
#pragma once

#include <cstddef>
#include <span>

#include "faultline/input_error.h"
#include "faultline/result.h"

namespace faultline::trace {

// What one read asks for.
inline constexpr std::size_t kReadBytes = 256 << 10;

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills the front of `into` with the next bytes, says how many; 0 is the end, for good. May give
  // fewer bytes than there are.
  // Errors: the source cannot be read, with its place. The bytes before it have all been handed
  // out; each later call fails in the same way.
  // REQUIRES: `into` is not empty.
  virtual Result<std::size_t, InputError> read(std::span<char> into) = 0;
};

}  // namespace faultline::trace
