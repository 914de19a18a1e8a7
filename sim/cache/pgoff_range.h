// PgoffRange: some pages of a file, one after the other.
//
// Units: pgoff, pages of a file.
#pragma once

#include <cstdint>

namespace faultline::cache {

// Pages `first` to `first + count` of a file.
struct PgoffRange {
  uint64_t first = 0;
  uint64_t count = 0;

  uint64_t end() const { return first + count; }
  bool contains(uint64_t pgoff) const { return pgoff - first < count; }
  friend bool operator==(PgoffRange, PgoffRange) = default;
};

}  // namespace faultline::cache
