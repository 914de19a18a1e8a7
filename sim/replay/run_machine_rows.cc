// RunMachine where most runs miss the first level of the TLB, which is kept as rows then.
#include <cstdint>
#include <span>

#include "sim/replay/run_machine.h"

namespace faultline::replay {
namespace {

// How the first level is kept is thought over after so many runs.
constexpr size_t kRunsToJudge = 1024;
// Rows are better where so many of them missed it, marks where so few did; between the two it is
// not worth a change.
constexpr uint64_t kManyMissed = kRunsToJudge / 2;
constexpr uint64_t kFewMissed = kRunsToJudge / 4;

}  // namespace

void RunMachine::choose_keeping(size_t runs) {
  judged_runs_ += runs;
  if (!can_keep_rows_ || judged_runs_ < kRunsToJudge) return;
  const uint64_t missed = tlb_.first_misses() - judged_misses_;
  if (!tlb_.keeps_rows() && missed >= kManyMissed) tlb_.keep_rows();
  if (tlb_.keeps_rows() && missed < kFewMissed) tlb_.keep_marks();
  judged_runs_ = 0;
  judged_misses_ += missed;
}

// As replay_runs(), without a branch for what cannot be foretold.
void RunMachine::replay_by_rows(std::span<const PageRun> runs) {
  KindCounts by_kind;
  for (const PageRun& run : runs) {
    const AccessKind kind = run.kind();
    uint64_t count = run.count();
    if (count == 0) [[unlikely]] {
      if (goes_on_in_page(run)) continue;
      count = 1;
    }
    const uint32_t page = block_pages_[run.page()];
    PageState& state = states_[page];
    const bool missed = (state.flags & kResident) == 0;
    if (missed) {
      if (page == kForeignPage) [[unlikely]] {
        fail(run);
        continue;
      }
      fault(page, kind);
    }
    const bool found = tlb_.use(page, side_of(kind));
    const bool cleans = !is_store(kind) || (state.flags & kDirty) != 0;
    const uint64_t walks = found && cleans ? 0 : 1;
    walks_.count += walks;
    walks_.memory_references += walks * format_.levels;
    state.flags |= kAccessed | (is_store(kind) ? kDirty : 0u);
    by_kind.add(kind, run.count());
    if (run.count() == 0) [[unlikely]]
      tlb_.add_lookups(side_of(kind), 1);
    if (logs_) {
      log({.position = references_ + 1,
           .frame = state.frame,
           .hits = static_cast<uint32_t>(count - (missed ? 1 : 0)) & ReferenceLog::kHitsMax,
           .brought_in = missed ? 1u : 0u});
    }
    references_ += count;
    state.last_use = references_;
  }
  count_served(by_kind);
}

}  // namespace faultline::replay
