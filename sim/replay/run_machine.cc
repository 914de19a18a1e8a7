#include "sim/replay/run_machine.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "sim/base/check.h"
#include "sim/hw/paging_description.h"
#include "sim/hw/tlb_level.h"
#include "sim/replay/traced_processes.h"

namespace faultline::replay {
namespace {

// Of so many, when so many needed more than a look at their page, the next are fetched ahead.
constexpr size_t kManySlow = 8;

constexpr uint64_t kForeignTag = ~uint64_t{0};

}  // namespace

bool RunMachine::can_replay(const MachineOptions& options) {
  const auto format = hw::make_paging_format(options.paging, options.paging_description);
  if (!format) return false;
  // Without a limit it does not look whether entries can number one more frame.
  const bool limited = options.frames || format->frames_max() == uint64_t{kNoPfn.value} - 1;
  // Where every reference walks, what a walk reads is not worth counting ahead.
  const bool countable = options.tlb.enabled || !options.walk_cache.enabled();
  return format->page_size().shift >= kPageRunShift && limited && countable &&
         options.unmapped == Unmapped::kMap && options.contents == Contents::kNone;
}

RunMachine::RunMachine(const MachineOptions& options, std::unique_ptr<ReplacementPolicy> policy)
    : format_(hw::get_paging_format(options.paging, options.paging_description)),
      shift_(format_.offset_bits - kPageRunShift),
      user_pages_(format_.page_size().vpn(format_.user_end()).value),
      policy_(options.frames ? std::move(policy) : nullptr),
      frames_max_(options.frames.value_or(std::numeric_limits<uint64_t>::max())),
      logs_(policy_ != nullptr && policy_->sees() == PolicySees::kEveryReference),
      ticks_(policy_ != nullptr ? policy_->tick_references() : 0),
      next_tick_(ticks_ == 0 ? std::numeric_limits<uint64_t>::max() : ticks_),
      tlb_(options.tlb, states_),
      walk_cache_(options.walk_cache.enabled()
                      ? std::make_unique<hw::WalkCache>(format_, options.walk_cache)
                      : nullptr),
      held_(1, kNoPageHeld) {
  FL_CHECK(can_replay(options));
  for (const AccessKind kind :
       {AccessKind::kFetch, AccessKind::kLoad, AccessKind::kStore, AccessKind::kModify})
    served_ |= tlb_.served(kind) << (8 * unsigned(kind));
  can_keep_rows_ = tlb_.enabled() && walk_cache_ == nullptr && ticks_ == 0 &&
                   (policy_ == nullptr || policy_->enters_referenced());
  FL_CHECK(ids_.get(kForeignTag) == kForeignPage);
  states_.grow_to(1);
}

// Null: there are too many.
RunMachine::Space* RunMachine::find_or_make_space(uint32_t pid) {
  if (space_ != nullptr && pid == pid_) return space_;
  const auto found = spaces_.find(pid);
  if (found != spaces_.end()) return &found->second;
  if (spaces_.size() == kProcessesMax) return nullptr;
  const auto asid = static_cast<uint16_t>(spaces_.size() + 1);
  return &spaces_.try_emplace(pid, Asid{asid}, format_).first->second;
}

bool RunMachine::enter(const PageRunBlock& block) {
  Space* const found = find_or_make_space(block.task.pid);
  if (found == nullptr) return false;
  space_ = found;
  pid_ = block.task.pid;
  block_vpns_ = block.pages;
  number_pages(block);
  return true;
}

// Finds the block's pages, and makes states for those that are new.
void RunMachine::number_pages(const PageRunBlock& block) {
  const size_t count = block.pages.size();
  const size_t known = states_.size();
  const auto tag_of = [&](size_t i) { return hw::tlb_tag(space_->asid, vpn_of(i)); };
  by_number_ = block.by_number;
  const bool numbered = (by_number_ || !block.numbers.empty()) && shift_ == 0;
  FL_CHECK(numbered ? ids_.size() == 1 : !by_number_);
  if (!by_number_) block_pages_.resize(count);
  if (numbered) {
    if (!block.numbers.empty()) states_.grow_to(std::ranges::max(block.numbers) + size_t{2});
    for (size_t i = 0; i < count && !by_number_; ++i)
      block_pages_[i] = vpn_of(i).value < user_pages_ ? block.numbers[i] + 1 : kForeignPage;
  } else {
    for (size_t i = 0; i < count; ++i) {
      ids_.fetch_ahead(i, count, tag_of);
      block_pages_[i] = vpn_of(i).value < user_pages_ ? ids_.get(tag_of(i)) : kForeignPage;
    }
    states_.grow_to(ids_.size());
  }
  if (states_.size() == known) return;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t page = numbered ? block.numbers[i] + 1 : block_pages_[i];
    if (page >= known) states_[page].tag = tag_of(i);
  }
}

void RunMachine::replay(std::span<const PageRun> runs) {
  while (!runs.empty()) {
    const size_t count = std::min(runs.size(), kRunsToJudge);
    choose_keeping(count);
    if (!replay_plainly(runs, count)) replay_by_parts(runs, count);
    runs = runs.subspan(count);
  }
}

void RunMachine::replay_by_marks(std::span<const PageRun> runs, std::span<const PageRun> next) {
  if (many_slow_) {
    // Their states are all over memory: the cache misses had better overlap.
    for (const PageRun run : next.first(std::min(next.size(), kRunsAtOnce)))
      __builtin_prefetch(&states_[page_of(run)], 1);
  }
  if (!tlb_.enabled())
    replay_runs<Telling::kReferences, TlbUse::kNo>(runs);
  else if (logs_ || ticks_ != 0)
    replay_runs<Telling::kReferences, TlbUse::kYes>(runs);
  else
    replay_runs<Telling::kNothing, TlbUse::kYes>(runs);
}

// What is inline here is a run whose page needs neither a walk nor the second level of the TLB; all
// else is a call. What it counts stays in registers.
template <RunMachine::Telling kTelling, RunMachine::TlbUse kTlb>
void RunMachine::replay_runs(std::span<const PageRun> runs) {
  // Copies, as the compiler must think that what is written to a page may change the originals.
  const uint32_t* const pages = block_pages_.data();
  const bool by_number = by_number_;
  PageState* const states = states_.span().data();
  uint64_t* const stamps = tlb_.stamps();
  const uint32_t all_served = served_;
  KindCounts by_kind;
  uint64_t references = references_;
  size_t slow = 0;
  for (const PageRun& run : runs) {
    PageState& state = states[by_number ? run.page() + 1 : pages[run.page()]];
    const uint64_t count = run.count();
    if (serves(all_served, state, run.kind()) && count != 0) [[likely]] {
      // What passes a tick goes slowly.
      if (kTelling == Telling::kNothing || references + count < next_tick_) [[likely]] {
        by_kind.add(run.kind(), count);
        if constexpr (kTelling == Telling::kReferences) {
          if (logs_)
            log({.position = references + 1,
                 .frame = state.frame,
                 .hits = static_cast<uint32_t>(count) & ReferenceLog::kHitsMax});
        }
        references += count;
        const size_t side = size_t(side_of(run.kind()));
        (kTlb == TlbUse::kYes ? stamps[state.slot[side]] : state.last_use) = references;
        continue;
      }
    }
    ++slow;
    references_ = references;
    replay_slowly(run);
    references = references_;
  }
  many_slow_ = slow >= kManySlow;
  references_ = references;
  count_served(by_kind);
}

void RunMachine::count_served(KindCounts by_kind) {
  by_kind.add_to(accesses_);
  for (const AccessKind kind :
       {AccessKind::kFetch, AccessKind::kLoad, AccessKind::kStore, AccessKind::kModify})
    count_lookups(kind, by_kind.of(kind));
}

// An access that goes on in the same page references it once. The run before is there: one of
// count 0 is never the first.
bool RunMachine::goes_on_in_page(const PageRun& run) const {
  return shift_ != 0 && vpn_of(run.page()) == vpn_of((&run)[-1].page());
}

// A run of a page that is not the program's.
void RunMachine::fail(const PageRun& run) {
  count_accesses(run.kind(), run.count());
  // An access that straddles pages is over where it fails.
  if (run.count() > 0)
    faults_.segv_maperr += run.count();
  else if (vpn_of(run.page()).value == user_pages_)
    ++faults_.segv_maperr;
}

void RunMachine::replay_slowly(const PageRun& run) {
  if (run.count() == 0 && goes_on_in_page(run)) return;
  const uint32_t page = page_of(run);
  if (page == kForeignPage) return fail(run);
  count_accesses(run.kind(), run.count());
  refer(page, run.kind(), std::max<uint64_t>(run.count(), 1));
}

void RunMachine::count_accesses(AccessKind kind, uint64_t count) {
  uint64_t* const by_kind[] = {&accesses_.fetches, &accesses_.loads, &accesses_.stores,
                               &accesses_.modifies};
  *by_kind[size_t(kind)] += count;
}

// With the TLB disabled each of them is a walk, of a page that was here before.
void RunMachine::count_lookups(AccessKind kind, uint64_t count) {
  tlb_.add_lookups(side_of(kind), count);
  if (tlb_.enabled()) return;
  walks_.count += count;
  walks_.memory_references += count * format_.levels;
}

void RunMachine::count_walk(const PageState& state, hw::WalkResult walk) {
  if (walk_cache_ != nullptr) {
    const Asid asid = hw::tlb_tag_asid(state.tag);
    const Vpn vpn = hw::tlb_tag_vpn(state.tag);
    walk.entries_read = walk_cache_->entries_read(asid, space_->table, vpn, walk);
    if (!walk.permitted) walk_cache_->fault(asid, vpn);
  }
  ++walks_.count;
  walks_.memory_references += walk.entries_read;
}

// Of a page that was in memory once: all its tables are there.
void RunMachine::count_whole_walk(const PageState& state, bool permitted) {
  count_walk(state, {.leaf = {}, .permitted = permitted, .entries_read = format_.levels});
}

void RunMachine::flush(uint32_t page) {
  if (walk_cache_ != nullptr) walk_cache_->flush(hw::tlb_tag_asid(states_[page].tag));
  tlb_.flush(page);
}

void RunMachine::refer(uint32_t page, AccessKind kind, uint64_t count) {
  while (count > 0) {
    if (!serves(served_, states_[page], kind)) [[unlikely]] {
      refer_slowly(page, kind);
      --count;
      continue;
    }
    // A tick may take the page away.
    const uint64_t part = std::min(count, next_tick_ - references_);
    note_hits(page, kind, part);
    count -= part;
    if (references_ >= next_tick_) [[unlikely]]
      pass_tick();
  }
}

void RunMachine::note_hits(uint32_t page, AccessKind kind, uint64_t count) {
  references_ += count;
  count_lookups(kind, count);
  PageState& state = states_[page];
  tlb_.stamp(state, side_of(kind), references_);
  if (logs_)
    log({.position = references_ - count + 1,
         .frame = state.frame,
         .hits = uint32_t(count & ReferenceLog::kHitsMax)});
}

// One reference that is not served at once.
void RunMachine::refer_slowly(uint32_t page, AccessKind kind) {
  PageState& state = states_[page];
  const bool missed = (state.flags & kResident) == 0;
  if (missed)
    miss(page, kind);
  else
    reach(page, kind);
  tlb_.add_lookups(side_of(kind), 1);
  tlb_.stamp(state, side_of(kind), ++references_);
  if (policy_ == nullptr) return;
  if (logs_) {
    log({.position = references_,
         .frame = state.frame,
         .hits = missed ? 0u : 1u,
         .brought_in = missed ? 1u : 0u});
  }
  if (missed && !policy_->enters_referenced()) test_and_clear_accessed(state.frame);
  if (references_ >= next_tick_) pass_tick();
}

// A page that is in memory: by the TLB, by a walk, or, for the first store, by both.
void RunMachine::reach(uint32_t page, AccessKind kind) {
  PageState& state = states_[page];
  const TlbSide side = side_of(kind);
  const bool found = tlb_.look_up(page, side);
  const bool cleans = !is_store(kind) || (state.flags & kDirty) != 0;
  if (found && cleans) return;
  count_whole_walk(state, true);
  state.flags |= kAccessed | (is_store(kind) ? kDirty : 0u);
}

// The walk that faults, and the retry.
void RunMachine::miss(uint32_t page, AccessKind kind) {
  PageState& state = states_[page];
  const TlbSide side = side_of(kind);
  tlb_.count_miss(side);
  count_fault(state);
  bring_in(page);
  count_whole_walk(state, true);
  state.flags |= kAccessed | (is_store(kind) ? kDirty : 0u);
  tlb_.fill(page, side);
}

void RunMachine::count_fault(const PageState& state) {
  if ((state.flags & kKnown) != 0) {
    ++faults_.major;
    return count_whole_walk(state, false);
  }
  ++faults_.minor;
  const Vpn vpn = hw::tlb_tag_vpn(state.tag);
  count_walk(state, space_->table.walk_to_none(vpn));
  space_->table.make_tables(vpn);
}

void RunMachine::bring_in(uint32_t page) {
  if (policy_ != nullptr) {
    hand_over_log();
    give_up_early();
  }
  PageState& state = states_[page];
  const Pfn frame = take_frame(PageId{page});
  held_[frame.value] = page;
  state.frame = frame;
  state.flags = kResident | kKnown;
  peak_in_use_ = std::max(peak_in_use_, ++in_use_);
  if (policy_ == nullptr) return;
  state.last_use = references_;
  policy_->on_insert(frame, policy_->knows_pages() ? PageId{page} : kNoPage);
}

// The lowest that is free, as Machine's allocator does.
Pfn RunMachine::take_frame(PageId incoming) {
  // None is free then but the victim's.
  if (in_use_ == frames_max_) {
    const Pfn victim = policy_->choose_victim(*this, incoming);
    evict(victim);
    return victim;
  }
  if (freed_.empty()) {
    held_.push_back(kNoPageHeld);
    return Pfn{static_cast<uint32_t>(held_.size() - 1)};
  }
  const Pfn frame{freed_.top()};
  freed_.pop();
  return frame;
}

// The frame is the caller's.
void RunMachine::evict(Pfn victim) {
  FL_CHECK(victim != kNoPfn);
  const uint32_t page = std::exchange(held_[victim.value], kNoPageHeld);
  PageState& state = states_[page];
  ++evictions_;
  if ((state.flags & kDirty) != 0) ++dirty_evictions_;
  flush(page);
  state.flags = kKnown;
  state.frame = kNoPfn;
  --in_use_;
}

bool RunMachine::test_and_clear_accessed(Pfn frame) {
  const uint32_t page = held_[frame.value];
  PageState& state = states_[page];
  if ((state.flags & kAccessed) == 0) return false;
  state.flags &= ~uint32_t{kAccessed};
  flush(page);
  return true;
}

void RunMachine::hand_over_log() {
  const std::span<const Reference> told = log_.take();
  if (!told.empty()) policy_->on_references(told);
}

void RunMachine::give_up_early() {
  if (!policy_->gives_up_early()) return;
  while (true) {
    const Pfn victim = policy_->choose_early(*this);
    if (victim == kNoPfn) return;
    evict(victim);
    freed_.push(victim.value);
  }
}

void RunMachine::pass_tick() {
  hand_over_log();
  policy_->on_tick(*this);
  next_tick_ = references_ - references_ % ticks_ + ticks_;
  give_up_early();
}

}  // namespace faultline::replay
