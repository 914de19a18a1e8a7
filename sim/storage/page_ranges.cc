#include "sim/storage/page_ranges.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sim/base/check.h"

namespace faultline::storage {

void PageRanges::split_at(uint64_t pgoff) {
  const auto after = ends_.lower_bound(pgoff);
  if (after == ends_.begin()) return;
  const auto before = std::prev(after);
  if (before->second <= pgoff) return;
  ends_[pgoff] = std::exchange(before->second, pgoff);
}

void PageRanges::remove(Range range) {
  if (range.first >= range.end) return;
  split_at(range.first);
  split_at(range.end);
  ends_.erase(ends_.lower_bound(range.first), ends_.lower_bound(range.end));
}

void PageRanges::add(Range range) {
  if (range.first >= range.end) return;
  remove(range);
  const auto next = ends_.find(range.end);
  if (next != ends_.end()) {
    range.end = next->second;
    ends_.erase(next);
  }
  const auto after = ends_.lower_bound(range.first);
  if (after != ends_.begin() && std::prev(after)->second == range.first) {
    std::prev(after)->second = range.end;
  } else {
    ends_[range.first] = range.end;
  }
}

void PageRanges::collapse(Range range) {
  remove(range);
  const uint64_t count = range.end - range.first;
  std::map<uint64_t, uint64_t> moved;
  for (auto it = ends_.lower_bound(range.first); it != ends_.end(); it = ends_.erase(it))
    moved[it->first - count] = it->second - count;
  for (const auto& [first, end] : moved) add({first, end});
}

void PageRanges::insert(Range range) {
  split_at(range.first);
  const uint64_t count = range.end - range.first;
  std::map<uint64_t, uint64_t> moved;
  for (auto it = ends_.lower_bound(range.first); it != ends_.end(); it = ends_.erase(it))
    moved[it->first + count] = it->second + count;
  for (const auto& [first, end] : moved) add({first, end});
}

bool PageRanges::contains(uint64_t pgoff) const {
  const std::optional<Range> range = next_from(pgoff);
  return range && range->first == pgoff;
}

std::optional<PageRanges::Range> PageRanges::next_from(uint64_t pgoff) const {
  auto it = ends_.upper_bound(pgoff);
  if (it != ends_.begin() && std::prev(it)->second > pgoff) --it;
  if (it == ends_.end()) return std::nullopt;
  return Range{std::max(it->first, pgoff), it->second};
}

void PageRanges::validate() const {
  std::optional<uint64_t> end_before;
  for (const auto& [first, end] : ends_) {
    FL_CHECK_MSG(first < end && (!end_before || *end_before < first),
                 "the range at page {} is empty, or reaches another", first);
    end_before = end;
  }
}

}  // namespace faultline::storage
