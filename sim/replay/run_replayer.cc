#include "sim/replay/run_replayer.h"

#include <algorithm>
#include <optional>
#include <span>

#include "sim/base/check.h"
#include "sim/replay/interval_clock.h"
#include "sim/replay/run_condenser.h"
#include "sim/replay/run_cutter.h"
#include "sim/replay/run_window.h"

namespace faultline::replay {
namespace {

void tell(const ReplayOptions& options, uint64_t pages_max, const PageRunBlock& block) {
  for (PageObserver* const observer : options.observers) {
    for (const PageRun run : block.runs) {
      if (block.pages[run.page()] >= pages_max) continue;
      observer->on_use({.pid = block.task.pid,
                        .page = block.pages[run.page()],
                        .kind = run.kind(),
                        .references = std::max<uint32_t>(run.count(), 1)});
    }
  }
}

// Blocks made shorter, by whoever reads them or here, where the replay can do with that.
class ShortForm {
 public:
  ShortForm(const RunMachine& machine, const ReplayOptions& options) {
    const auto limits = limits_of(machine, options);
    if (!limits) return;
    source_ = options.condensed;
    condenser_.emplace(*limits);
  }
  // Of the block that was read last; null: there is none.
  const CondensedRuns* of(const PageRunBlock& block) {
    if (source_ != nullptr && source_->tried()) return source_->condensed();
    return condenser_ && condenser_->condense(block, made_) ? &made_ : nullptr;
  }

 private:
  const CondensedSource* source_ = nullptr;
  std::optional<RunCondenser> condenser_{};
  CondensedRuns made_{};
};

}  // namespace

std::optional<CondenserLimits> limits_of(const RunMachine& machine, const ReplayOptions& options) {
  // Where somebody wants to know of each run, or of times between them, it takes all of them.
  const bool in_full = !options.observers.empty() || options.interval != 0;
  FL_CHECK(!in_full || options.opt_frames == 0);
  if (in_full) return std::nullopt;
  return machine.condenser_limits(options.opt_frames);
}

Result<ReplayOutcome, InputError> replay_runs(PageRunReader& reader, RunMachine& machine,
                                              const ReplayOptions& options) {
  RunWindow window(options.skip, options.limit);
  RunCutter cutter;
  IntervalClock clock(options);
  ReplayOutcome outcome;
  ShortForm short_form(machine, options);
  while (!window.done()) {
    if (options.interrupted != nullptr && options.interrupted->load()) {
      outcome.end = ReplayEnd::kInterrupted;
      break;
    }
    auto block = reader.next_page_runs();
    if (!block) return block.error();
    if (block->end()) break;
    // Some pages may be of blocks that are passed over.
    FL_CHECK(options.skip == 0 || !block->by_number);
    if (options.skip > 0) block->numbers = {};
    if (const CondensedRuns* const shorter = short_form.of(*block);
        shorter != nullptr && window.pass(shorter->accesses.accesses())) {
      if (!machine.enter(*block)) return too_many_processes();
      machine.replay(*shorter);
      outcome.records += shorter->accesses.accesses();
      if (options.on_progress) options.on_progress(outcome.records);
      continue;
    }
    cutter.begin(window.cut(*block).runs);
    if (cutter.left() > 0 && !machine.enter(*block)) return too_many_processes();
    while (cutter.left() > 0) {
      const uint64_t accesses = std::min(cutter.left(), clock.left());
      const PageRunBlock part{
          .pages = block->pages, .runs = cutter.take(accesses), .task = block->task};
      machine.replay(part.runs);
      tell(options, machine.user_page_runs(), part);
      outcome.records += accesses;
      clock.pass(accesses);
    }
    if (options.on_progress) options.on_progress(outcome.records);
  }
  clock.finish();
  return outcome;
}

}  // namespace faultline::replay
