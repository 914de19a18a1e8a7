#include "sim/storage/pattern_map.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "sim/base/check.h"

namespace faultline::storage {
namespace {

// The pattern's bytes of one block of so many come again after kPeriod.
constexpr uint64_t kBlockBytes = 4096;
constexpr uint64_t kPeriod = 256;

// The pattern from byte `offset` on. REQUIRES: within one block.
void fill_in_block(uint64_t offset, uint64_t seed, std::span<std::byte> bytes) {
  const uint64_t first = std::min<uint64_t>(bytes.size(), kPeriod);
  const uint64_t base = offset / kBlockBytes * 7 + seed;
  for (uint64_t i = 0; i < first; ++i)
    bytes[i] = static_cast<std::byte>(((offset + i) * 31 + base) & 0xff);
  for (uint64_t done = first; done < bytes.size();) {
    const uint64_t count = std::min(done, bytes.size() - done);
    std::memcpy(&bytes[done], bytes.data(), count);
    done += count;
  }
}

}  // namespace

void PatternMap::fill(uint64_t size_bytes, uint64_t seed) {
  extents_.clear();
  seed_ = seed;
  if (size_bytes > 0) extents_[0] = {.source_bytes = 0, .length_bytes = size_bytes};
}

uint64_t PatternMap::end_page(const Extents::value_type& extent) const {
  return extent.first + page_size_.pages(page_size_.align_up(extent.second.length_bytes));
}

PatternMap::Extents::const_iterator PatternMap::find(uint64_t pgoff) const {
  auto after = extents_.upper_bound(pgoff);
  if (after == extents_.begin()) return extents_.end();
  const auto candidate = std::prev(after);
  return pgoff < end_page(*candidate) ? candidate : extents_.end();
}

void PatternMap::split_at(uint64_t pgoff) {
  const auto found = find(pgoff);
  if (found == extents_.end() || found->first == pgoff) return;
  Extent& front = extents_[found->first];
  const uint64_t kept_bytes = (pgoff - found->first) << page_size_.shift;
  extents_[pgoff] = {.source_bytes = front.source_bytes + kept_bytes,
                     .length_bytes = front.length_bytes - kept_bytes};
  front.length_bytes = kept_bytes;
}

void PatternMap::cut(uint64_t size_bytes) {
  const uint64_t last = page_size_.pages(size_bytes);
  const uint64_t used_bytes = size_bytes & page_size_.offset_mask();
  split_at(last);
  const auto held = extents_.find(last);
  if (used_bytes != 0 && held != extents_.end()) {
    split_at(last + 1);
    held->second.length_bytes = std::min(held->second.length_bytes, used_bytes);
  }
  extents_.erase(extents_.lower_bound(last + (used_bytes != 0 ? 1 : 0)), extents_.end());
}

void PatternMap::punch(uint64_t first, uint64_t count) {
  const uint64_t end = first + std::min(count, ~uint64_t{0} - first);
  split_at(first);
  split_at(end);
  extents_.erase(extents_.lower_bound(first), extents_.lower_bound(end));
}

void PatternMap::collapse(uint64_t first, uint64_t count) {
  punch(first, count);
  Extents moved;
  for (auto it = extents_.lower_bound(first); it != extents_.end();) {
    auto node = extents_.extract(it++);
    node.key() -= count;
    moved.insert(std::move(node));
  }
  extents_.merge(moved);
}

void PatternMap::insert(uint64_t first, uint64_t count) {
  split_at(first);
  Extents moved;
  for (auto it = extents_.lower_bound(first); it != extents_.end();) {
    auto node = extents_.extract(it++);
    node.key() += count;
    moved.insert(std::move(node));
  }
  extents_.merge(moved);
}

bool PatternMap::has(uint64_t pgoff) const { return find(pgoff) != extents_.end(); }

std::optional<uint64_t> PatternMap::first_from(uint64_t pgoff) const {
  if (has(pgoff)) return pgoff;
  const auto next = extents_.lower_bound(pgoff);
  if (next == extents_.end()) return std::nullopt;
  return next->first;
}

void PatternMap::read(uint64_t pgoff, std::span<std::byte> page) const {
  FL_CHECK(page.size() == page_size_.bytes());
  const auto found = find(pgoff);
  uint64_t held_bytes = 0;
  if (found != extents_.end()) {
    const uint64_t before_bytes = (pgoff - found->first) << page_size_.shift;
    held_bytes = std::min(page.size(), found->second.length_bytes - before_bytes);
    const uint64_t start = found->second.source_bytes + before_bytes;
    for (uint64_t done = 0; done < held_bytes;) {
      const uint64_t left_in_block = kBlockBytes - (start + done) % kBlockBytes;
      const uint64_t count = std::min(held_bytes - done, left_in_block);
      fill_in_block(start + done, seed_, page.subspan(done, count));
      done += count;
    }
  }
  std::fill(page.begin() + static_cast<std::ptrdiff_t>(held_bytes), page.end(), std::byte{0});
}

uint64_t PatternMap::end_bytes() const {
  if (extents_.empty()) return 0;
  const auto& [first, extent] = *extents_.rbegin();
  return (first << page_size_.shift) + extent.length_bytes;
}

void PatternMap::validate() const {
  uint64_t end_before = 0;
  for (const auto& extent : extents_) {
    FL_CHECK_MSG(extent.second.length_bytes > 0 && extent.first >= end_before,
                 "the pattern at page {} is empty or lies twice there", extent.first);
    end_before = end_page(extent);
  }
}

}  // namespace faultline::storage
