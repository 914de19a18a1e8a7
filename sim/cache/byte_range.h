// ByteRange: some bytes of a file, one after the other.
//
// Units: bytes.
#pragma once

#include <cstdint>

namespace faultline::cache {

// Bytes `first` to `first + count` of a file.
struct ByteRange {
  uint64_t first = 0;
  uint64_t count = 0;

  uint64_t end() const { return first + count; }
};

}  // namespace faultline::cache
