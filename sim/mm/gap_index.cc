#include "sim/mm/gap_index.h"

#include <algorithm>

#include "sim/base/check.h"

namespace faultline::mm {
namespace {

AddrRange cut(AddrRange gap, AddrRange window) {
  return {std::max(gap.start, window.start), std::min(gap.end, window.end)};
}

bool fits(AddrRange gap, uint64_t size_bytes) {
  return !gap.empty() && gap.size_bytes() >= size_bytes;
}

bool starts_below(const AddrRange& gap, VirtAddr start) { return gap.start < start; }

}  // namespace

void GapIndex::Block::recount() {
  largest_bytes = 0;
  for (const AddrRange& gap : gaps) largest_bytes = std::max(largest_bytes, gap.size_bytes());
}

std::size_t GapIndex::block_of(VirtAddr start) const {
  const auto after =
      std::upper_bound(blocks_.begin(), blocks_.end(), start,
                       [](VirtAddr a, const Block& block) { return a < block.gaps.front().start; });
  return after == blocks_.begin() ? 0 : std::size_t(after - blocks_.begin()) - 1;
}

void GapIndex::add(AddrRange gap) {
  FL_CHECK(!gap.empty());
  if (blocks_.empty()) blocks_.emplace_back().gaps.reserve(kBlockGapsMax);
  std::size_t index = blocks_.front().gaps.empty() ? 0 : block_of(gap.start);
  if (blocks_[index].gaps.size() == kBlockGapsMax) {
    cut_block(index);
    if (blocks_[index + 1].gaps.front().start <= gap.start) ++index;
  }
  Block& block = blocks_[index];
  const auto place =
      std::lower_bound(block.gaps.begin(), block.gaps.end(), gap.start, starts_below);
  FL_CHECK(place == block.gaps.end() || gap.end <= place->start);
  FL_CHECK(place == block.gaps.begin() || std::prev(place)->end <= gap.start);
  block.gaps.insert(place, gap);
  block.largest_bytes = std::max(block.largest_bytes, gap.size_bytes());
}

// Moves the upper half of the block to a new one behind it.
void GapIndex::cut_block(std::size_t index) {
  Block upper;
  upper.gaps.reserve(kBlockGapsMax);
  std::vector<AddrRange>& lower = blocks_[index].gaps;
  const auto middle = lower.begin() + std::ptrdiff_t(lower.size() / 2);
  upper.gaps.assign(middle, lower.end());
  lower.erase(middle, lower.end());
  blocks_[index].recount();
  upper.recount();
  blocks_.insert(blocks_.begin() + std::ptrdiff_t(index) + 1, std::move(upper));
}

void GapIndex::remove(VirtAddr start) {
  FL_CHECK(!blocks_.empty());
  const std::size_t index = block_of(start);
  Block& block = blocks_[index];
  const auto place = std::lower_bound(block.gaps.begin(), block.gaps.end(), start, starts_below);
  FL_CHECK(place != block.gaps.end() && place->start == start);
  const uint64_t size_bytes = place->size_bytes();
  block.gaps.erase(place);
  if (block.gaps.empty()) {
    blocks_.erase(blocks_.begin() + std::ptrdiff_t(index));
  } else if (size_bytes == block.largest_bytes) {
    block.recount();
  }
}

std::optional<AddrRange> GapIndex::find_highest(uint64_t size_bytes, AddrRange window) const {
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
    if (block->largest_bytes < size_bytes || block->gaps.front().start >= window.end) continue;
    if (block->gaps.back().end <= window.start) return std::nullopt;
    for (auto gap = block->gaps.rbegin(); gap != block->gaps.rend(); ++gap) {
      if (gap->size_bytes() < size_bytes) continue;
      if (const AddrRange inside = cut(*gap, window); fits(inside, size_bytes)) return inside;
    }
  }
  return std::nullopt;
}

std::optional<AddrRange> GapIndex::find_lowest(uint64_t size_bytes, AddrRange window) const {
  for (const Block& block : blocks_) {
    if (block.largest_bytes < size_bytes || block.gaps.back().end <= window.start) continue;
    if (block.gaps.front().start >= window.end) return std::nullopt;
    for (const AddrRange& gap : block.gaps) {
      if (gap.size_bytes() < size_bytes) continue;
      if (const AddrRange inside = cut(gap, window); fits(inside, size_bytes)) return inside;
    }
  }
  return std::nullopt;
}

std::size_t GapIndex::size() const {
  std::size_t count = 0;
  for (const Block& block : blocks_) count += block.gaps.size();
  return count;
}

void GapIndex::validate() const {
  VirtAddr end{};
  for (const Block& block : blocks_) {
    FL_CHECK_MSG(!block.gaps.empty() && block.gaps.size() <= kBlockGapsMax,
                 "invariant 2: a block of {} gaps", block.gaps.size());
    uint64_t largest_bytes = 0;
    for (const AddrRange& gap : block.gaps) {
      FL_CHECK_MSG(!gap.empty() && end <= gap.start, "invariant 1: gap {:x}-{:x}", gap.start.value,
                   gap.end.value);
      end = gap.end;
      largest_bytes = std::max(largest_bytes, gap.size_bytes());
    }
    FL_CHECK_MSG(block.largest_bytes == largest_bytes, "invariant 3: {} is noted, {} is there",
                 block.largest_bytes, largest_bytes);
  }
}

}  // namespace faultline::mm
