#include "sim/replay/run_machine.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "sim/base/check.h"
#include "sim/hw/paging_description.h"

namespace faultline::replay {
namespace {

// Accesses are counted by kind in four 16-bit fields of one register, which as many runs cannot
// overflow.
constexpr size_t kRunsAtOnce = 64;
static_assert(kRunsAtOnce * PageRun::kCountMax <= 0xffff);

}  // namespace

bool RunMachine::can_replay(const MachineOptions& options) {
  const auto format = hw::make_paging_format(options.paging, options.paging_description);
  if (!format) return false;
  // Without a limit it does not look whether entries can number one more frame.
  const bool limited = options.frames || format->frames_max() == uint64_t{kNoPfn.value} - 1;
  return format->page_size().shift >= kPageRunShift && limited &&
         options.unmapped == Unmapped::kMap && options.contents == Contents::kNone;
}

RunMachine::RunMachine(const MachineOptions& options, std::unique_ptr<ReplacementPolicy> policy)
    : format_(hw::get_paging_format(options.paging, options.paging_description)),
      shift_(format_.offset_bits - kPageRunShift),
      user_pages_(format_.page_size().vpn(format_.user_end()).value),
      policy_(options.frames ? std::move(policy) : nullptr),
      frames_max_(options.frames.value_or(std::numeric_limits<uint64_t>::max())),
      stamps_(policy_ != nullptr && policy_->sees() == PolicySees::kLastReference),
      logs_(policy_ != nullptr && policy_->sees() == PolicySees::kEveryReference),
      ticks_(policy_ != nullptr ? policy_->tick_references() : 0),
      next_tick_(ticks_ == 0 ? std::numeric_limits<uint64_t>::max() : ticks_),
      mmu_(format_, options.tlb, options.walk_cache),
      held_(1),
      last_references_(1) {
  FL_CHECK(can_replay(options));
}

// Null: there are too many.
RunMachine::Space* RunMachine::find_or_make_space(TraceTask task) {
  if (space_ != nullptr && task.pid == pid_) return space_;
  const auto found = spaces_.find(task.pid);
  if (found == spaces_.end() && spaces_.size() == kProcessesMax) return nullptr;
  const auto asid = static_cast<uint16_t>(spaces_.size() + 1);
  space_ = found != spaces_.end()
               ? &found->second
               : &spaces_.try_emplace(task.pid, Asid{asid}, format_).first->second;
  pid_ = task.pid;
  return space_;
}

bool RunMachine::replay(const PageRunBlock& block) {
  FL_CHECK(block.call == nullptr);
  if (block.runs.empty()) return true;
  Space* const found = find_or_make_space(block.task);
  if (found == nullptr) return false;
  Space& space = *found;
  std::span<const PageRun> runs = block.runs;
  while (!runs.empty()) {
    const auto some = runs.first(std::min(runs.size(), kRunsAtOnce));
    if (shift_ == 0)
      replay_some<Pages::kAsRuns>(space, block.pages, some);
    else
      replay_some<Pages::kLarger>(space, block.pages, some);
    runs = runs.subspan(some.size());
  }
  return true;
}

template <RunMachine::Pages kPages>
void RunMachine::replay_some(Space& space, std::span<const uint64_t> pages,
                             std::span<const PageRun> runs) {
  if (logs_ || ticks_ != 0)
    replay_runs<Telling::kReferences, kPages>(space, pages, runs);
  else if (stamps_)
    replay_runs<Telling::kLast, kPages>(space, pages, runs);
  else
    replay_runs<Telling::kNothing, kPages>(space, pages, runs);
}

// What is inline here is a run whose page is the first entry that the TLB looks at; all else is a
// call. What it counts stays in registers.
template <RunMachine::Telling kTelling, RunMachine::Pages kPages>
void RunMachine::replay_runs(Space& space, std::span<const uint64_t> pages,
                             std::span<const PageRun> runs) {
  uint64_t by_kind = 0;
  uint64_t references = references_;
  for (const PageRun run : runs) {
    const Vpn vpn{kPages == Pages::kLarger ? pages[run.page()] >> shift_ : pages[run.page()]};
    const uint64_t count = run.count();
    if constexpr (kPages == Pages::kLarger) {
      // An access that goes on in the same page references it once.
      if (std::exchange(last_vpn_, vpn) == vpn && count == 0) continue;
    }
    const hw::TlbEntry* const entry = mmu_.front(space.asid, vpn, run.kind());
    if (entry != nullptr && count != 0) [[likely]] {
      // What passes a tick goes slowly.
      if (kTelling != Telling::kReferences || references + count < next_tick_) [[likely]] {
        by_kind += count << (16 * unsigned(run.kind()));
        if constexpr (kTelling == Telling::kReferences) {
          if (logs_)
            log({.position = references + 1,
                 .frame = entry->pfn,
                 .hits = static_cast<uint32_t>(count) & reclaim::ReferenceLog::kHitsMax});
        }
        references += count;
        if constexpr (kTelling == Telling::kLast) last_references_[entry->pfn.value] = references;
        continue;
      }
    }
    references_ = references;
    replay_slowly(space, vpn, run);
    references = references_;
  }
  references_ = references;
  for (const AccessKind kind :
       {AccessKind::kFetch, AccessKind::kLoad, AccessKind::kStore, AccessKind::kModify}) {
    const uint64_t count = by_kind >> (16 * unsigned(kind)) & 0xffff;
    count_accesses(kind, count);
    mmu_.add_lookups(kind, count);
  }
}

void RunMachine::replay_slowly(Space& space, Vpn vpn, PageRun run) {
  const uint64_t count = run.count();
  count_accesses(run.kind(), count);
  const uint64_t references = std::max<uint64_t>(count, 1);
  if (vpn.value < user_pages_) refer(space, vpn, run.kind(), references);
  // An access that straddles pages is over where it fails.
  else if (count > 0 || vpn.value == user_pages_)
    faults_.segv_maperr += references;
}

void RunMachine::count_accesses(AccessKind kind, uint64_t count) {
  uint64_t* const by_kind[] = {&accesses_.fetches, &accesses_.loads, &accesses_.stores,
                               &accesses_.modifies};
  *by_kind[size_t(kind)] += count;
}

void RunMachine::refer(Space& space, Vpn vpn, AccessKind kind, uint64_t count) {
  while (count > 0) {
    const hw::TlbEntry* const entry = mmu_.front(space.asid, vpn, kind);
    if (entry == nullptr) [[unlikely]] {
      refer_slowly(space, vpn, kind);
      --count;
      continue;
    }
    // A tick may take the page away.
    const uint64_t part = std::min(count, next_tick_ - references_);
    note_hits(entry->pfn, kind, part);
    count -= part;
    if (references_ >= next_tick_) [[unlikely]]
      pass_tick();
  }
}

void RunMachine::note_hits(Pfn frame, AccessKind kind, uint64_t count) {
  references_ += count;
  mmu_.add_lookups(kind, count);
  if (stamps_) last_references_[frame.value] = references_;
  if (logs_)
    log({.position = references_ - count + 1,
         .frame = frame,
         .hits = uint32_t(count & reclaim::ReferenceLog::kHitsMax)});
}

// One reference that the front of the TLB does not serve.
void RunMachine::refer_slowly(Space& space, Vpn vpn, AccessKind kind) {
  bool missed = false;
  hw::TranslateResult found =
      mmu_.translate(space.asid, space.table, vpn, kind, hw::CountLookup::kYes);
  if (!found.ok()) {
    missed = true;
    bring_in(space, vpn);
    found = mmu_.translate(space.asid, space.table, vpn, kind, hw::CountLookup::kNo);
    FL_CHECK(found.ok());
  }
  mmu_.add_lookups(kind, 1);
  ++references_;
  if (policy_ == nullptr) return;
  last_references_[found.pfn.value] = references_;
  if (logs_) {
    log({.position = references_,
         .frame = found.pfn,
         .hits = missed ? 0u : 1u,
         .brought_in = missed ? 1u : 0u});
  }
  if (missed && !policy_->enters_referenced()) test_and_clear_accessed(found.pfn);
  if (references_ >= next_tick_) pass_tick();
}

// A page that was here before has its number in its PTE.
void RunMachine::bring_in(Space& space, Vpn vpn) {
  const hw::Pte pte = space.table.get(vpn);
  FL_CHECK(!pte.present(format_.pte));
  const PageId page{pte.none() ? pages_++ : pte.swap_slot()};
  ++(pte.none() ? faults_.minor : faults_.major);
  if (policy_ != nullptr) {
    hand_over_log();
    give_up_early();
  }
  const Pfn frame = take_frame(page);
  held_[frame.value] = {&space, vpn, page};
  space.table.set(vpn, hw::Pte::make(format_.pte, frame, true, true));
  peak_in_use_ = std::max(peak_in_use_, ++in_use_);
  if (policy_ == nullptr) return;
  last_references_[frame.value] = references_;
  policy_->on_insert(frame, policy_->knows_pages() ? page : kNoPage);
}

// The lowest that is free, as Machine's allocator does.
Pfn RunMachine::take_frame(PageId incoming) {
  if (in_use_ == frames_max_) evict(policy_->choose_victim(*this, incoming));
  if (freed_.empty()) {
    held_.emplace_back();
    last_references_.push_back(0);
    return Pfn{static_cast<uint32_t>(held_.size() - 1)};
  }
  const Pfn frame{freed_.top()};
  freed_.pop();
  return frame;
}

void RunMachine::evict(Pfn victim) {
  FL_CHECK(victim != kNoPfn);
  Held& held = held_[victim.value];
  ++evictions_;
  if (pte_of(victim).dirty(format_.pte)) ++dirty_evictions_;
  held.space->table.set(held.vpn, hw::Pte::make_swap(held.page.value));
  mmu_.flush_page(held.space->asid, held.vpn);
  held.space = nullptr;
  freed_.push(victim.value);
  --in_use_;
}

hw::Pte RunMachine::pte_of(Pfn frame) const {
  const Held& held = held_[frame.value];
  return held.space->table.get(held.vpn);
}

bool RunMachine::dirty(Pfn frame) const { return pte_of(frame).dirty(format_.pte); }

bool RunMachine::test_and_clear_accessed(Pfn frame) {
  const Held& held = held_[frame.value];
  const hw::Pte pte = pte_of(frame);
  if (!pte.accessed(format_.pte)) return false;
  held.space->table.set(held.vpn, pte.without_accessed(format_.pte));
  mmu_.flush_page(held.space->asid, held.vpn);
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
  }
}

void RunMachine::pass_tick() {
  hand_over_log();
  policy_->on_tick(*this);
  next_tick_ = references_ - references_ % ticks_ + ticks_;
  give_up_early();
}

Stats RunMachine::stats() const {
  Stats stats;
  stats.accesses = accesses_;
  stats.references = references_;
  stats.pages_touched = pages_;
  stats.tlb = mmu_.tlb().stats();
  stats.walks = mmu_.walk_stats();
  stats.walk_cache = mmu_.walk_cache_stats();
  stats.faults = faults_;
  const uint64_t misses = faults_.minor + faults_.major;
  stats.replacement = {.hits = references_ - misses,
                       .misses = misses,
                       .cold_misses = faults_.minor,
                       .evictions = evictions_,
                       .dirty_evictions = dirty_evictions_};
  stats.memory = {
      .resident_pages = in_use_, .peak_resident_pages = peak_in_use_, .inferred_pages = pages_};
  for (const auto& [pid, space] : spaces_)
    stats.memory.page_table_pages += space.table.table_pages();
  return stats;
}

void RunMachine::validate() const {
  if (policy_ != nullptr) {
    policy_->validate();
    FL_CHECK(policy_->size() == in_use_);  // 1
  }
  uint64_t found = 0;
  for (uint32_t i = 0; i < held_.size(); ++i) {
    if (held_[i].space == nullptr) continue;
    ++found;
    const hw::Pte pte = pte_of(Pfn{i});
    FL_CHECK(pte.present(format_.pte) && pte.pfn(format_.pte) == Pfn{i});  // 2
  }
  FL_CHECK(found == in_use_);
  mmu_.validate();
  for (const auto& [pid, space] : spaces_) {
    mmu_.tlb().for_each([&, &at = space](const hw::TlbEntry& entry) {
      if (entry.tag == hw::kTlbEmptyTag || entry.tag >> 48 != at.asid.value) return;
      const hw::Pte pte = at.table.get(hw::tlb_tag_vpn(entry.tag));
      FL_CHECK(pte.present(format_.pte) && pte.pfn(format_.pte) == entry.pfn);  // 3
    });
  }
}

}  // namespace faultline::replay
