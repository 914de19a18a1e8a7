#include "sim/replay/run_replayer.h"

#include "sim/replay/run_window.h"

namespace faultline::replay {

Result<ReplayOutcome, InputError> replay_runs(PageRunReader& reader, RunMachine& machine,
                                              const ReplayOptions& options) {
  RunWindow window(options.skip, options.limit);
  ReplayOutcome outcome;
  while (!window.done()) {
    if (options.interrupted != nullptr && options.interrupted->load()) {
      outcome.end = ReplayEnd::kInterrupted;
      break;
    }
    const auto block = reader.next_page_runs();
    if (!block) return block.error();
    if (block->end()) break;
    if (!machine.replay(window.cut(*block))) return too_many_processes();
    if (options.on_progress) options.on_progress(window.passed());
  }
  outcome.records = window.passed();
  return outcome;
}

}  // namespace faultline::replay
