// PageRanges: a set of pages of a file, kept as ranges: those that fallocate(2) reserved on the
// disk.
//
// Units: pgoff, pages of the file. Invariants, checked by validate():
//   1. ranges are not empty, and none reaches or touches the next
// Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace faultline::storage {

class PageRanges {
 public:
  // Pages [first, end).
  struct Range {
    uint64_t first = 0;
    uint64_t end = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };

  // O(ranges joined or cut · log ranges), each.
  void add(Range range);
  void remove(Range range);
  // Takes these pages out; what is behind them moves down. O(ranges).
  void collapse(Range range);
  // What is at or behind range.first moves up by the length of the range. O(ranges).
  void insert(Range range);

  bool contains(uint64_t pgoff) const;
  // The first range that ends behind `pgoff`, cut to begin there at the earliest. O(log ranges).
  std::optional<Range> next_from(uint64_t pgoff) const;

  void validate() const;

 private:
  friend struct PageRangesTestPeer;

  // Lets a range begin at `pgoff` if one reaches across it.
  void split_at(uint64_t pgoff);

  std::map<uint64_t, uint64_t> ends_;  // by the first page of each
};

}  // namespace faultline::storage
