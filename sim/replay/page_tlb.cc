#include "sim/replay/page_tlb.h"

#include <algorithm>
#include <utility>

#include "sim/base/align.h"
#include "sim/base/check.h"

namespace faultline::replay {
namespace {

constexpr TlbSide kSides[] = {TlbSide::kData, TlbSide::kCode};

constexpr uint32_t flag_of(TlbSide side) { return side == TlbSide::kCode ? kInCode : kInData; }

}  // namespace

PageTlb::Level::Level(TlbLevelOptions options, size_t first)
    : first_slot(first), set_mask(options.entries / options.ways - 1), ways(options.ways) {
  FL_CHECK(base::is_power_of_two(set_mask + 1) && options.entries % options.ways == 0);
}

PageTlb::PageTlb(const TlbOptions& options, PageStates& pages)
    : enabled_(options.enabled),
      pages_(pages),
      first_{Level(options.l1d, 0), Level(options.l1i, options.l1d.entries)},
      second_(options.l2, 0),
      stamps_(options.l1d.entries + options.l1i.entries),
      first_pages_(stamps_.size(), kNoPageHere),
      second_pages_(options.l2.entries, kNoPageHere) {}

void PageTlb::count_miss(TlbSide side) {
  if (!enabled_) return;
  ++first_misses_[size_t(side)];
  ++second_counts_.misses;
}

PageTlb::Found PageTlb::look_up(uint32_t page, TlbSide side) {
  if (!enabled_) return Found::kNo;
  if ((pages_[page].flags & flag_of(side)) != 0) return Found::kYes;
  const size_t way = find_second(page);
  if (way == second_.ways) {
    count_miss(side);
    return Found::kNo;
  }
  ++first_misses_[size_t(side)];
  ++second_counts_.hits;
  uint32_t* const set = set_of(page);
  std::copy_backward(set, set + way, set + way + 1);
  set[0] = page;
  insert_first(page, side);
  return Found::kYes;
}

void PageTlb::fill(uint32_t page, TlbSide side) {
  if (!enabled_) return;
  insert_first(page, side);
  uint32_t* const set = set_of(page);
  std::copy_backward(set, set + second_.ways - 1, set + second_.ways);
  set[0] = page;
}

void PageTlb::insert_first(uint32_t page, TlbSide side) {
  const Level& level = first_[size_t(side)];
  PageState& state = pages_[page];
  const size_t set = level.slot_of(state.tag);
  const uint64_t* const stamps = stamps_.data() + set;
  // An empty way is older than all that are taken.
  size_t oldest = 0;
  for (size_t way = 1; way < level.ways; ++way)
    oldest = stamps[way] < stamps[oldest] ? way : oldest;
  const size_t slot = set + oldest;
  if (stamps_[slot] != 0) drop_first(slot, side);
  first_pages_[slot] = page;
  // It is used, and this will be said at once.
  stamps_[slot] = 1;
  state.slot[size_t(side)] = static_cast<uint32_t>(slot);
  state.flags |= flag_of(side);
}

void PageTlb::drop_first(size_t slot, TlbSide side) {
  PageState& state = pages_[std::exchange(first_pages_[slot], kNoPageHere)];
  state.flags &= ~flag_of(side);
  state.last_use = std::max(state.last_use, std::exchange(stamps_[slot], 0));
}

size_t PageTlb::find_second(uint32_t page) const {
  const uint32_t* const set = second_pages_.data() + second_.slot_of(pages_[page].tag);
  size_t found = second_.ways;
  // Which way it will be cannot be predicted.
  for (size_t way = 0; way < second_.ways; ++way) found = set[way] == page ? way : found;
  return found;
}

void PageTlb::flush(uint32_t page) {
  if (!enabled_) return;
  const PageState& state = pages_[page];
  for (const TlbSide side : kSides)
    if ((state.flags & flag_of(side)) != 0) drop_first(state.slot[size_t(side)], side);
  const size_t way = find_second(page);
  if (way == second_.ways) return;
  uint32_t* const set = set_of(page);
  std::copy(set + way + 1, set + second_.ways, set + way);
  set[second_.ways - 1] = kNoPageHere;
}

uint64_t PageTlb::last_use(const PageState& state) const {
  uint64_t last = state.last_use;
  for (const TlbSide side : kSides)
    if ((state.flags & flag_of(side)) != 0)
      last = std::max(last, stamps_[state.slot[size_t(side)]]);
  return last;
}

TlbStats PageTlb::stats() const {
  if (!enabled_) return {};
  TlbLevelStats first[2];
  for (const TlbSide side : kSides) {
    const uint64_t misses = first_misses_[size_t(side)];
    FL_CHECK(misses <= lookups_[size_t(side)]);
    first[size_t(side)] = {.hits = lookups_[size_t(side)] - misses, .misses = misses};
  }
  return {.l1d = first[size_t(TlbSide::kData)],
          .l1i = first[size_t(TlbSide::kCode)],
          .l2 = second_counts_};
}

void PageTlb::validate() const {
  for (const TlbSide side : kSides) validate_first(side);
  validate_second();
}

void PageTlb::validate_first(TlbSide side) const {
  const Level& level = first_[size_t(side)];
  const size_t end = level.first_slot + (level.set_mask + 1) * level.ways;
  uint64_t held = 0;
  for (size_t slot = level.first_slot; slot < end; ++slot) {
    FL_CHECK((stamps_[slot] != 0) == (first_pages_[slot] != kNoPageHere));  // 2
    if (stamps_[slot] == 0) continue;
    ++held;
    const PageState& state = pages_[first_pages_[slot]];
    FL_CHECK((state.flags & flag_of(side)) != 0 && state.slot[size_t(side)] == slot);  // 1
    const size_t set = level.slot_of(state.tag);
    FL_CHECK(slot >= set && slot < set + level.ways);  // 1
  }
  for (size_t page = 0; page < pages_.size(); ++page)
    held -= (pages_[page].flags & flag_of(side)) != 0;
  FL_CHECK(held == 0);  // 1
}

void PageTlb::validate_second() const {
  std::vector<uint32_t> held;
  for (size_t at = 0; at < second_pages_.size(); ++at) {
    const uint32_t page = second_pages_[at];
    const bool last_way = (at + 1) % second_.ways == 0;
    if (page == kNoPageHere) {
      FL_CHECK(last_way || second_pages_[at + 1] == kNoPageHere);  // 3
      continue;
    }
    held.push_back(page);
    FL_CHECK(second_.slot_of(pages_[page].tag) == at / second_.ways * second_.ways);  // 3
    FL_CHECK((pages_[page].flags & kResident) != 0);
  }
  std::ranges::sort(held);
  FL_CHECK(std::ranges::adjacent_find(held) == held.end());  // 3
}

}  // namespace faultline::replay
