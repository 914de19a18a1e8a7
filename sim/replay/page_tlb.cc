#include "sim/replay/page_tlb.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
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
      has_usual_ways_(options.l1d.ways == TlbOptions{}.l1d.ways &&
                      options.l1i.ways == TlbOptions{}.l1i.ways &&
                      options.l2.ways == TlbOptions{}.l2.ways),
      pages_(pages),
      first_{Level(options.l1d, 0), Level(options.l1i, options.l1d.entries)},
      stamps_(options.l1d.entries + options.l1i.entries),
      first_pages_(stamps_.size(), kNoPageHere),
      first_rows_{PageRows(first_[0].set_mask + 1, options.l1d.ways),
                  PageRows(first_[1].set_mask + 1, options.l1i.ways)},
      second_mask_(Level(options.l2, 0).set_mask),
      second_(second_mask_ + 1, options.l2.ways) {}

void PageTlb::count_miss(TlbSide side) {
  if (!enabled_) return;
  ++first_misses_[size_t(side)];
  ++second_counts_.misses;
}

// After a miss of the first level.
bool PageTlb::use_second(uint32_t page, TlbSide side) {
  const bool found = second_.use(second_row_of(page), page);
  // Both of them, as which it is cannot be foretold.
  ++first_misses_[size_t(side)];
  second_counts_.hits += found ? 1 : 0;
  second_counts_.misses += found ? 0 : 1;
  return found;
}

bool PageTlb::look_up(uint32_t page, TlbSide side) {
  if (!enabled_) return false;
  if ((pages_[page].flags & flag_of(side)) != 0) return true;
  insert_first(page, side);
  return use_second(page, side);
}

void PageTlb::fill(uint32_t page, TlbSide side) {
  if (!enabled_) return;
  insert_first(page, side);
  second_.use(second_row_of(page), page);
}

inline void PageTlb::drop_first(size_t slot, TlbSide side) {
  PageState& state = pages_[std::exchange(first_pages_[slot], kNoPageHere)];
  state.flags &= ~flag_of(side);
  state.last_use = std::max(state.last_use, std::exchange(stamps_[slot], 0));
}

inline void PageTlb::hold_first(uint32_t page, size_t slot, uint64_t stamp, TlbSide side) {
  first_pages_[slot] = page;
  stamps_[slot] = stamp;
  pages_[page].slot[size_t(side)] = static_cast<uint32_t>(slot);
  pages_[page].flags |= flag_of(side);
}

void PageTlb::insert_first(uint32_t page, TlbSide side) {
  const Level& level = first_[size_t(side)];
  const size_t set = level.slot_of(pages_[page].tag);
  // An empty way is older than all that are taken.
  size_t slot = set;
  uint64_t oldest = stamps_[set];
  for (size_t way = 1; way < level.ways; ++way) {
    const uint64_t stamp = stamps_[set + way];
    // Without a branch, which could not be foretold.
    const uint64_t older = -uint64_t{stamp < oldest};
    slot ^= (slot ^ (set + way)) & older;
    oldest ^= (oldest ^ stamp) & older;
  }
  if (oldest != 0) drop_first(slot, side);
  // It is used, and this will be said at once.
  hold_first(page, slot, 1, side);
}

void PageTlb::keep_rows() {
  FL_CHECK(enabled_ && !keeps_rows_);
  keeps_rows_ = true;
  for (const TlbSide side : kSides) {
    const Level& level = first_[size_t(side)];
    std::vector<size_t> slots(level.ways);
    std::vector<uint32_t> pages;
    for (size_t row = 0; row <= level.set_mask; ++row) {
      std::iota(slots.begin(), slots.end(), level.first_slot + row * level.ways);
      std::ranges::sort(slots, std::greater(), [this](size_t slot) { return stamps_[slot]; });
      pages.clear();
      for (const size_t slot : slots) {
        if (stamps_[slot] == 0) break;
        pages.push_back(first_pages_[slot]);
        drop_first(slot, side);
      }
      first_rows_[size_t(side)].set_row(row, pages);
    }
  }
}

void PageTlb::keep_marks() {
  FL_CHECK(keeps_rows_);
  keeps_rows_ = false;
  for (const TlbSide side : kSides) {
    const Level& level = first_[size_t(side)];
    for (size_t row = 0; row <= level.set_mask; ++row) {
      const std::span<const uint32_t> ways = first_rows_[size_t(side)].row(row);
      const std::span pages =
          ways.first(size_t(std::ranges::find(ways, kNoPageHere) - ways.begin()));
      // Any stamps will do that are in order, and no later than the last uses: as many references
      // as there are pages, at least, were made.
      size_t slot = level.first_slot + row * level.ways;
      uint64_t stamp = pages.size();
      for (const uint32_t page : pages) hold_first(page, slot++, stamp--, side);
    }
  }
}

void PageTlb::remove_from_rows(uint32_t page, uint64_t tag) {
  for (const TlbSide side : kSides)
    first_rows_[size_t(side)].remove(tag & first_[size_t(side)].set_mask, page);
  second_.remove(tag & second_mask_, page);
}

void PageTlb::flush(uint32_t page) {
  if (!enabled_) return;
  if (keeps_rows_) return drop_from_rows<Ways::kAny>(page, pages_[page].tag);
  const PageState& state = pages_[page];
  for (const TlbSide side : kSides)
    if ((state.flags & flag_of(side)) != 0) drop_first(state.slot[size_t(side)], side);
  second_.remove(second_row_of(page), page);
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
  for (const TlbSide side : kSides) {
    validate_first(side);
    const Level& level = first_[size_t(side)];
    if (keeps_rows_) validate_rows(first_rows_[size_t(side)], level.set_mask);
  }
  validate_rows(second_, second_mask_);
}

void PageTlb::validate_first(TlbSide side) const {
  const Level& level = first_[size_t(side)];
  const size_t end = level.first_slot + (level.set_mask + 1) * level.ways;
  uint64_t held = 0;
  for (size_t slot = level.first_slot; slot < end; ++slot) {
    FL_CHECK((stamps_[slot] != 0) == (first_pages_[slot] != kNoPageHere));  // 2
    if (stamps_[slot] == 0) continue;
    FL_CHECK(!keeps_rows_);  // 3
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

void PageTlb::validate_rows(const PageRows& rows, size_t mask) const {
  std::vector<uint32_t> held;
  for (size_t row = 0; row <= mask; ++row) {
    bool empty = false;
    for (const uint32_t page : rows.row(row)) {
      FL_CHECK(page == kNoPageHere || !empty);  // 3
      empty = page == kNoPageHere;
      if (empty) continue;
      held.push_back(page);
      FL_CHECK((pages_[page].tag & mask) == row);  // 3
      FL_CHECK((pages_[page].flags & kResident) != 0);
    }
  }
  std::ranges::sort(held);
  FL_CHECK(std::ranges::adjacent_find(held) == held.end());  // 3
}

}  // namespace faultline::replay
