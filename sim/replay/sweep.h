// A sweep: many replays of one trace, which is read once, on several threads. Each configuration
// has the engine that a replay of it alone would have, and the same report, whatever the number of
// threads.
//
// Ownership: the reader is the caller's. Threads: runs some of its own, and ends them.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/options.h"
#include "faultline/report.h"
#include "faultline/result.h"
#include "faultline/trace.h"
#include "sim/replay/replayer.h"

namespace faultline::replay {

// A configuration has a thread, most of the time a waiting one.
inline constexpr size_t kConfigurationsMax = 1024;

struct SweepOptions {
  std::vector<MachineOptions> configurations{};  // at most kConfigurationsMax
  uint64_t skip = 0;
  uint64_t limit = kNoLimit;
  unsigned jobs = 1;  // threads that work at a time
  // When it rises, all replays end at the same access; null: never.
  const std::atomic<bool>* interrupted = nullptr;
};

struct SweepOutcome {
  ReplayEnd end = ReplayEnd::kDone;     // kOutOfMemory: of one of them
  std::vector<ReplayReport> reports{};  // in the order of the configurations; without files
};

// Errors: the reader's; an option that no machine has; a thread cannot be started.
Result<SweepOutcome, InputError> sweep(TraceReader& reader, const SweepOptions& options);

}  // namespace faultline::replay
