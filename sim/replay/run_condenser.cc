#include "sim/replay/run_condenser.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/vector_clones.h"
#include "sim/replay/kind_counts.h"

namespace faultline::replay {
namespace {

// A block whose first runs hardly become fewer is not worth the trouble.
constexpr size_t kFirstRuns = 1024;
static_assert(kFirstRuns % KindCounts::kRunsMax == 0);

bool is_worth_it(size_t runs, size_t condensed) { return condensed <= runs - runs / 4; }

}  // namespace

bool CondenserLimits::alike(const CondenserLimits& other) const {
  return first[0] == other.first[0] && first[1] == other.first[1] && shift == other.shift &&
         user_pages == other.user_pages;
}

// Sets of the level's, or unions of them.
RunCondenser::Side RunCondenser::make_side(PageTlb::Sets sets) {
  const auto count = std::min<uint32_t>(sets.mask + 1, kSlots);
  return {.set_mask = count - 1, .ways = std::min<uint32_t>(sets.ways, kSlots / count)};
}

RunCondenser::RunCondenser(const CondenserLimits& limits)
    : limits_(limits),
      sides_{make_side(limits.first[0]), make_side(limits.first[1])},
      recent_max_(std::min<uint64_t>(2 * kSlots, limits.frames_min / 2)),
      strangers_max_((limits.frames_min - recent_max_) / 2) {
  FL_CHECK(limits.frames_min >= kFramesMin && limits.first[0].ways > 0 && limits.first[1].ways > 0);
}

// Pages beyond the program's are never in memory, and what an access does there depends on the one
// before.
bool RunCondenser::fits(const PageRunBlock& block) const {
  return std::ranges::all_of(
      block.pages, [this](uint64_t page) { return page >> limits_.shift < limits_.user_pages; });
}

void RunCondenser::begin(const PageRunBlock& block) {
  pages_ = block.pages;
  accesses_ = {};
  slot_of_.assign(block.pages.size() << PageRun::kKindBits, kStranger);
  further_[0] = further_[1] = 0;
  last_.fill(0);
  recent_ = 0;
  stranger_ = 0;
  strangers_ = 0;
  old_before_ = 0;
}

bool RunCondenser::condense(const PageRunBlock& block, CondensedRuns& condensed) {
  // What comes by number has many, though it need not tell all.
  if (block.by_number || has_many_pages(block) || !fits(block)) return false;
  begin(block);
  const size_t size = block.runs.size();
  // Each run that is written stands for one at least.
  condensed.runs.resize(size);
  out_ = condensed.runs.data();
  for (size_t at = 0; at < size; at += KindCounts::kRunsMax) {
    take_runs(block.runs, at, std::min(size, at + KindCounts::kRunsMax));
    if (at + KindCounts::kRunsMax != kFirstRuns) continue;
    if (!is_worth_it(kFirstRuns, static_cast<size_t>(out_ - condensed.runs.data()))) return false;
  }
  write_recent();
  condensed.runs.resize(static_cast<size_t>(out_ - condensed.runs.data()));
  condensed.accesses = accesses_;
  const auto fetches = static_cast<uint64_t>(std::ranges::count(
      condensed.runs, AccessKind::kFetch, [](PageRun run) { return run.kind(); }));
  condensed.hits[size_t(TlbSide::kCode)] =
      accesses_.fetches + further_[size_t(TlbSide::kCode)] - fetches;
  condensed.hits[size_t(TlbSide::kData)] = accesses_.accesses() - accesses_.fetches +
                                           further_[size_t(TlbSide::kData)] -
                                           (condensed.runs.size() - fetches);
  return true;
}

void RunCondenser::take_runs(std::span<const PageRun> runs, size_t begin, size_t end) {
  // Copies, as the compiler must think that what is written to a slot may change the originals.
  const uint8_t* const slot_of = slot_of_.data();
  uint32_t* const last = last_.data();
  KindCounts by_kind;
  for (size_t i = begin; i < end; ++i) {
    const PageRun run = runs[i];
    by_kind.add(run.kind(), run.count());
    if (run.count() == 0) [[unlikely]] {
      // An access that goes on in the same page references it once.
      if (limits_.shift != 0 && number_of(run.page()) == number_of(runs[i - 1].page())) continue;
      ++further_[size_t(side_of(run.kind()))];
    }
    const uint8_t slot = slot_of[key_of(run)];
    if (slot == kStranger) [[unlikely]] {
      write_recent();
      *out_++ = PageRun::make(run.page(), run.kind(), 1);
      meet(run.page(), side_of(run.kind()), static_cast<uint32_t>(i + 1));
      continue;
    }
    last[slot] = static_cast<uint32_t>(i + 1);
  }
  by_kind.add_to(accesses_);
}

// The slots of what was used since the last stranger, with the positions above. Eight at a time, as
// most were not.
FL_VECTOR_CLONES size_t RunCondenser::find_used(std::span<uint64_t, 2 * kSlots> used) const {
  using Eight [[gnu::vector_size(32)]] = int32_t;
  constexpr size_t kEight = 8;
  const auto before = static_cast<int32_t>(stranger_);
  const Eight stranger = {before, before, before, before, before, before, before, before};
  size_t count = 0;
  for (size_t first = 0; first < 2 * kSlots; first += kEight) {
    Eight last;
    std::memcpy(&last, &last_[first], sizeof last);
    if (first < kSlots) {
      Eight stored;
      std::memcpy(&stored, &last_[kStores + first], sizeof stored);
      last = last > stored ? last : stored;
    }
    const Eight newer = last > stranger;
    uint64_t any[4];
    std::memcpy(any, &newer, sizeof any);
    if ((any[0] | any[1] | any[2] | any[3]) == 0) continue;
    for (size_t i = 0; i < kEight; ++i)
      if (newer[i] != 0) used[count++] = static_cast<uint64_t>(last[i]) << 8 | (first + i);
  }
  return count;
}

// The pages that were used since the last stranger, in the order of their last references.
void RunCondenser::write_recent() {
  std::array<uint64_t, 2 * kSlots> used;
  const size_t count = find_used(used);
  std::sort(used.begin(), used.begin() + static_cast<ptrdiff_t>(count));
  for (size_t i = 0; i < count; ++i) {
    const size_t slot = used[i] & 0xff;
    const AccessKind kind = side_at(slot) == TlbSide::kCode     ? AccessKind::kFetch
                            : last_[kStores + slot] > stranger_ ? AccessKind::kStore
                                                                : AccessKind::kLoad;
    *out_++ = PageRun::make(page_[slot], kind, 1);
  }
}

// A stranger becomes recent, in the place of its set that is empty or oldest. REQUIRES: nothing is
// left to be written.
void RunCondenser::meet(uint32_t page, TlbSide side, uint32_t position) {
  const Side& in = sides_[size_t(side)];
  const size_t first =
      size_t(side) * kSlots + (static_cast<uint32_t>(number_of(page)) & in.set_mask) * in.ways;
  size_t slot = first;
  for (size_t other = first + 1; other < first + in.ways; ++other)
    if (last_of(other) < last_of(slot)) slot = other;
  if (last_of(slot) != 0) forget(slot);
  if (recent_ == recent_max_) forget(oldest());
  ++recent_;
  page_[slot] = page;
  last_[slot] = stranger_ = position;
  know(page, side, static_cast<uint8_t>(slot));
  if (++strangers_ >= strangers_max_) forget_old(position);
}

// Where the runs of a page find its slot.
void RunCondenser::know(uint32_t page, TlbSide side, uint8_t slot) {
  if (side == TlbSide::kCode) {
    slot_of_[key_of(PageRun::make(page, AccessKind::kFetch, 0))] = slot;
    return;
  }
  const uint8_t stores = slot == kStranger ? kStranger : static_cast<uint8_t>(kStores + slot);
  slot_of_[key_of(PageRun::make(page, AccessKind::kLoad, 0))] = slot;
  slot_of_[key_of(PageRun::make(page, AccessKind::kStore, 0))] = stores;
  slot_of_[key_of(PageRun::make(page, AccessKind::kModify, 0))] = stores;
}

// REQUIRES: some page is recent.
size_t RunCondenser::oldest() const {
  size_t oldest = 0;
  uint32_t position = ~uint32_t{0};
  for (size_t slot = 0; slot < 2 * kSlots; ++slot) {
    // An empty one is the youngest then.
    if (last_of(slot) - 1 >= position) continue;
    oldest = slot;
    position = last_of(slot) - 1;
  }
  return oldest;
}

void RunCondenser::forget(size_t slot) {
  --recent_;
  know(page_[slot], side_at(slot), kStranger);
  last_[slot] = 0;
  if (slot < kSlots) last_[kStores + slot] = 0;
}

// Those that were not used since the last call.
void RunCondenser::forget_old(uint32_t position) {
  for (size_t slot = 0; slot < 2 * kSlots; ++slot)
    if (last_of(slot) != 0 && last_of(slot) < old_before_) forget(slot);
  old_before_ = position;
  strangers_ = 0;
}

}  // namespace faultline::replay
