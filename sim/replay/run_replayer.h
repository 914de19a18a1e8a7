// The replay of page runs by RunMachines: what replayer.h is for accesses and a Machine.
#pragma once

#include <optional>

#include "faultline/input_error.h"
#include "faultline/page_run.h"
#include "faultline/result.h"
#include "sim/replay/replayer.h"
#include "sim/replay/run_machine.h"

namespace faultline::replay {

// What the runs of such a replay may be condensed for; nothing: they must come as they are.
std::optional<CondenserLimits> limits_of(const RunMachine& machine, const ReplayOptions& options);

// Replays what is left of `reader`. REQUIRES: its trace has no calls.
// Errors: the reader's; more than kProcessesMax processes. What comes before has been replayed.
Result<ReplayOutcome, InputError> replay_runs(PageRunReader& reader, RunMachine& machine,
                                              const ReplayOptions& options);

}  // namespace faultline::replay
