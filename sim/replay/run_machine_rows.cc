// RunMachine where most runs miss the first level of the TLB, which is kept as rows then.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/run_summary.h"
#include "sim/replay/run_machine.h"

namespace faultline::replay {
namespace {

// So many runs ahead their pages are fetched.
constexpr size_t kAhead = 24;

// Whether `run` is of accesses, to the page of the run before, by the same first level of the TLB.
bool repeats(PageRun run, PageRun before) {
  return run.page() == before.page() && side_of(run.kind()) == side_of(before.kind()) &&
         run.count() > 0;
}

// Whether so many do that it is worth asking each: from a look at the first ones, the more the
// longer the answer is for.
bool many_repeat(std::span<const PageRun> runs) {
  const size_t looked = runs.size() / 32 + 7;
  const auto some = runs.first(std::min(runs.size(), looked));
  size_t count = 0;
  for (size_t i = 1; i < some.size(); ++i) count += repeats(some[i], some[i - 1]) ? 1 : 0;
  return count > looked / 5;
}

}  // namespace

void RunMachine::replay_by_parts(std::span<const PageRun> runs, size_t count) {
  for (size_t part = 0; count > 0; count -= part, runs = runs.subspan(part)) {
    part = std::min(count, kRunsAtOnce);
    if (tlb_.keeps_rows())
      replay_by_rows(runs, part);
    else
      replay_by_marks(runs.first(part), runs.subspan(part));
  }
}

// Rows are better where so many of kRunsToJudge missed the first level, marks where so few did;
// between the two it is not worth a change.
void RunMachine::choose_keeping(size_t runs) {
  constexpr uint64_t kManyMissed = kRunsToJudge / 2;
  constexpr uint64_t kFewMissed = kRunsToJudge / 4;
  judged_runs_ += runs;
  if (!can_keep_rows_ || judged_runs_ < kRunsToJudge) return;
  const uint64_t missed = tlb_.first_misses() - judged_misses_;
  if (!tlb_.keeps_rows() && missed >= kManyMissed) tlb_.keep_rows();
  if (tlb_.keeps_rows() && missed < kFewMissed) {
    if (order_ == Order::kOfUses) order_by_policy();
    tlb_.keep_marks();
  }
  if (tlb_.keeps_rows()) order_by_uses();
  judged_runs_ = 0;
  judged_misses_ += missed;
}

// If it may, and has not yet. O(frames), for which so many victims pay.
void RunMachine::order_by_uses() {
  if (order_ == Order::kOfUses || policy_ == nullptr || !policy_->is_lru()) return;
  if (in_use_ < frames_max_ || evictions_ - ordered_last_ < frames_max_ / 2) return;
  ordered_last_ = evictions_;
  order_ = Order::kOfUses;
  std::vector<uint32_t> pages;
  pages.reserve(in_use_);
  std::ranges::copy_if(held_, std::back_inserter(pages),
                       [](uint32_t page) { return page != kNoPageHeld; });
  // Now and later no place is behind the references that were made.
  uses_.restart(references_ + 1 - in_use_, UseQueue::room_for(in_use_), pages, time_of());
}

// Frames whose pages went are given to those that came. O(frames).
void RunMachine::order_by_policy() {
  ordered_last_ = evictions_;
  order_ = Order::kOfPolicy;
  std::vector<Pfn> left;
  for (uint32_t frame = 0; frame < held_.size(); ++frame) {
    if (held_[frame] == kNoPageHeld || (state_in(Pfn{frame}).flags & kResident) != 0) continue;
    states_[held_[frame]].frame = kNoPfn;
    left.push_back(Pfn{frame});
  }
  uses_.for_each([&](UseQueue::Use use) {
    PageState& state = states_[use.page];
    if (state.last_use != use.place || state.frame != kNoPfn) return;
    state.frame = left.back();
    left.pop_back();
    held_[state.frame.value] = use.page;
  });
  FL_CHECK(left.empty());
}

// In place of the one that goes, whose frame it will have. REQUIRES: order_ is kOfUses.
template <PageTlb::Ways kWays>
[[gnu::always_inline]] inline void RunMachine::replace_least_recent(PageState& state,
                                                                    UseQueue& uses,
                                                                    RowCounts& counts) {
  const uint32_t oldest = uses.take_least_recent(time_of());
  PageState& victim = states_[oldest];
  ++counts.evictions;
  counts.dirty_evictions += (victim.flags & kDirty) != 0 ? 1 : 0;
  tlb_.drop_from_rows<kWays>(oldest, victim.tag);
  victim.flags = kKnown;
  state.flags = kResident | kKnown;
}

// Brings in the page of a run that missed. Of pages that were here before the fault is counted in
// `returned` alone: it is two walks, as that of every run that misses is one.
template <PageTlb::Ways kWays, RunMachine::Order kOrder>
[[gnu::always_inline]] inline void RunMachine::bring_in_to_rows(uint32_t page, UseQueue& uses,
                                                                RowCounts& counts) {
  PageState& state = states_[page];
  if constexpr (kOrder == Order::kOfPolicy) {
    count_fault(state);
    return bring_in(page);
  }
  if ((state.flags & kKnown) == 0) [[unlikely]]
    count_fault(state);
  else
    ++counts.returned;
  replace_least_recent<kWays>(state, uses, counts);
}

void RunMachine::replay_by_rows(std::span<const PageRun> runs, size_t count) {
  if (tlb_.ways() == PageTlb::Ways::kUsual)
    replay_by_rows<PageTlb::Ways::kUsual>(runs, count);
  else
    replay_by_rows<PageTlb::Ways::kAny>(runs, count);
}

template <PageTlb::Ways kWays>
void RunMachine::replay_by_rows(std::span<const PageRun> runs, size_t count) {
  if (order_ == Order::kOfPolicy)
    replay_by_rows<kWays, Order::kOfPolicy, Repeats::kFew>(runs, count);
  else if (many_repeat(runs.first(count)))
    replay_by_rows<kWays, Order::kOfUses, Repeats::kMany>(runs, count);
  else
    replay_by_rows<kWays, Order::kOfUses, Repeats::kFew>(runs, count);
}

// A run of the page of the run before: it is first in its row, and last in the queue.
inline void RunMachine::use_again(PageRun run, PageState& state, RowCounts& counts) {
  const uint32_t dirties = is_store(run.kind()) ? kDirty : 0u;
  counts.walks += (dirties & ~state.flags) == 0 ? 0 : 1;
  state.flags |= dirties;
}

// Takes the runs behind runs[i] that repeat it, up to the last of which `i` goes. How many accesses
// they are.
inline uint64_t RunMachine::take_repeats(std::span<const PageRun> runs, size_t& i, PageState& state,
                                         RowCounts& counts) {
  uint64_t accesses = 0;
  for (const PageRun first = runs[i]; i + 1 < runs.size() && repeats(runs[i + 1], first); ++i) {
    const PageRun run = runs[i + 1];
    use_again(run, state, counts);
    counts.by_kind.add(run.kind(), run.count());
    accesses += run.count();
  }
  return accesses;
}

void RunMachine::add(RowCounts counts) {
  faults_.major += counts.returned;
  evictions_ += counts.evictions;
  dirty_evictions_ += counts.dirty_evictions;
  const uint64_t walks = counts.walks + counts.returned;
  walks_.count += walks;
  walks_.memory_references += walks * format_.levels;
  tlb_.add(counts.row_uses);
  count_served(counts.by_kind);
}

// As replay_runs(), without a branch for what cannot be foretold. Of `runs` it takes so many.
template <PageTlb::Ways kWays, RunMachine::Order kOrder, RunMachine::Repeats kRepeats>
void RunMachine::replay_by_rows(std::span<const PageRun> runs, size_t count) {
  // Copies, as the compiler must think that what is written to a page may change the originals.
  const uint32_t* const pages = block_pages_.data();
  const auto page_of = [pages, by_number = by_number_](PageRun run) {
    return by_number ? run.page() + 1 : pages[run.page()];
  };
  PageState* const states = states_.data();
  UseQueue uses;
  if constexpr (kOrder == Order::kOfUses) uses = std::move(uses_);
  RowCounts counts;
  uint64_t done = references_;
  for (size_t i = 0; i < count; ++i) {
    const PageRun run = runs[i];
    // Their states are all over memory.
    const PageRun soon = runs[std::min(i + kAhead, runs.size() - 1)];
    __builtin_prefetch(&states[page_of(soon)], 1);
    const AccessKind kind = run.kind();
    uint64_t references = run.count();
    if (references == 0) [[unlikely]] {
      if (goes_on_in_page(runs[i])) continue;
      references = 1;
    }
    const uint32_t page = page_of(run);
    PageState& state = states[page];
    const uint32_t dirties = is_store(kind) ? kDirty : 0u;
    const bool missed = (state.flags & kResident) == 0;
    if (missed) {
      if (page == kForeignPage) [[unlikely]] {
        fail(runs[i]);
        continue;
      }
      references_ = done;
      bring_in_to_rows<kWays, kOrder>(page, uses, counts);
      tlb_.use_new<kWays>(page, state.tag, side_of(kind), counts.row_uses);
      ++counts.walks;
    } else {
      const bool found = tlb_.use<kWays>(page, state.tag, side_of(kind), counts.row_uses);
      counts.walks += unsigned(!found) | unsigned((dirties & ~state.flags) != 0);
    }
    state.flags |= kAccessed | dirties;
    counts.by_kind.add(kind, run.count());
    if (run.count() == 0) [[unlikely]]
      tlb_.add_lookups(side_of(kind), 1);
    if (kOrder == Order::kOfPolicy && logs_) {
      log({.position = done + 1,
           .frame = state.frame,
           .hits = static_cast<uint32_t>(references - (missed ? 1 : 0)) & ReferenceLog::kHitsMax,
           .brought_in = missed ? 1u : 0u});
    }
    done += references;
    state.last_use = kOrder == Order::kOfUses ? uses.push(page, time_of()) : done;
    if constexpr (kRepeats == Repeats::kMany)
      done += take_repeats(runs.first(count), i, state, counts);
  }
  references_ = done;
  if constexpr (kOrder == Order::kOfUses) uses_ = std::move(uses);
  add(counts);
}

// Runs of which nothing is unusual: they come by number, the order of uses is known here, and all
// accesses are to data and within a page. False: they are not such, and nothing was done.
bool RunMachine::replay_plainly(std::span<const PageRun> runs, size_t count) {
  const bool usual = by_number_ && tlb_.ways() == PageTlb::Ways::kUsual;
  if (order_ != Order::kOfUses || !usual) return false;
  const base::RunSummary summary = base::summarize(runs.first(count));
  const auto [fetches, loads, stores, modifies] = summary.counts;
  if (fetches != 0 || summary.further != 0) return false;
  if (many_repeat(runs.first(count)))
    replay_plain_runs<Repeats::kMany>(runs, count);
  else
    replay_plain_runs<Repeats::kFew>(runs, count);
  accesses_.loads += loads;
  accesses_.stores += stores;
  accesses_.modifies += modifies;
  const uint64_t all = uint64_t{loads} + stores + modifies;
  tlb_.add_lookups(TlbSide::kData, all);
  references_ += all;
  return true;
}

// As replay_by_rows(), but that what all of the runs count together is counted already.
template <RunMachine::Repeats kRepeats>
void RunMachine::replay_plain_runs(std::span<const PageRun> runs, size_t count) {
  constexpr PageTlb::Ways kWays = PageTlb::Ways::kUsual;
  PageState* const states = states_.data();
  const size_t ahead = count + kAhead <= runs.size() ? kAhead : 0;
  UseQueue uses = std::move(uses_);
  uses.make_room(count, time_of());
  RowCounts counts;
  for (size_t i = 0; i < count; ++i) {
    __builtin_prefetch(&states[runs[i + ahead].page() + 1], 1);
    const PageRun run = runs[i];
    const uint32_t page = run.page() + 1;
    const uint32_t dirties = is_store(run.kind()) ? kDirty : 0u;
    PageState& state = states[page];
    if ((state.flags & kResident) == 0) {
      bring_in_to_rows<kWays, Order::kOfUses>(page, uses, counts);
      tlb_.use_new<kWays>(page, state.tag, TlbSide::kData, counts.row_uses);
      ++counts.walks;
    } else {
      const bool found = tlb_.use<kWays>(page, state.tag, TlbSide::kData, counts.row_uses);
      counts.walks += unsigned(!found) | unsigned((dirties & ~state.flags) != 0);
    }
    state.flags |= kAccessed | dirties;
    state.last_use = uses.push_into_room(page);
    if constexpr (kRepeats == Repeats::kMany) {
      for (; i + 1 < count && runs[i + 1].page() == run.page(); ++i)
        use_again(runs[i + 1], state, counts);
    }
  }
  uses_ = std::move(uses);
  add(counts);
}

}  // namespace faultline::replay
