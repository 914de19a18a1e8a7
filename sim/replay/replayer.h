// The replay of an address trace: the accesses of a TraceReader go through the processes of a
// Machine, block by block, and its calls are made in between; what the machine counted becomes a
// report.
//
// Units: skip and limit in accesses.
// Ownership: reader, machine and process are the caller's. Not thread-safe; the flag `interrupted`
// may be set by any thread or signal handler.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/machine.h"
#include "faultline/options.h"
#include "faultline/report.h"
#include "faultline/result.h"
#include "faultline/trace.h"
#include "sim/base/align.h"
#include "sim/replay/fault_census.h"
#include "sim/replay/page_observer.h"
#include "sim/replay/run_condenser.h"
#include "sim/replay/traced_processes.h"

namespace faultline::replay {

inline constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

// How many accesses have to be read to skip some, and to replay so many.
inline uint64_t accesses_to_read(uint64_t skip, uint64_t limit) {
  return base::checked_add(skip, limit).value_or(kNoLimit);
}

struct ReplayOptions {
  uint64_t skip = 0;          // accesses passed over at the beginning
  uint64_t limit = kNoLimit;  // accesses replayed after these
  // Looked at before each block; null: never interrupted.
  const std::atomic<bool>* interrupted = nullptr;
  // Of the blocks that the reader hands out, condensed for this machine; null: nobody did that.
  const CondensedSource* condensed = nullptr;
  // Not 0: the runs of both passes of OPT are condensed, for a memory of so many frames. REQUIRES:
  // nobody has to be told of each of them.
  uint64_t opt_frames = 0;
  PageCacheAtFirst page_cache = PageCacheAtFirst::kCold;
  // Told whose accesses come, and of calls; null: nobody.
  FaultCensus* census = nullptr;
  // Told of all references that were made.
  std::vector<PageObserver*> observers{};
  // Called after each so many accesses, and at the end where some are left; 0: never.
  uint64_t interval = 0;
  std::function<void()> on_interval{};
  // Told after each block how many accesses have been replayed; may be empty.
  std::function<void(uint64_t accesses)> on_progress{};
};

// Passes over as many of the next `skip` accesses as need not be read, and says how many are left
// to be. Errors: the reader's.
Result<uint64_t, InputError> pass_over(TraceReader& reader, uint64_t skip);

enum class ReplayEnd : uint8_t {
  kDone,         // the trace is at its end, or the limit reached
  kInterrupted,  // before
  kOutOfMemory,  // no frame was to be had; the access that needed one and the rest were not done
};

struct ReplayOutcome {
  ReplayEnd end = ReplayEnd::kDone;
  uint64_t records = 0;    // accesses replayed
  uint64_t calls = 0;      // made, also between accesses that were skipped
  uint64_t differing = 0;  // calls that succeeded in the trace alone, or here alone
};

// Replays what is left of `reader` in `machine`, whose `process` is the first that the trace names.
// Errors: the reader's; the accesses before the malformed one have been replayed. With a limit,
// nothing behind it is looked at.
Result<ReplayOutcome, InputError> replay(TraceReader& reader, Machine& machine, Process& process,
                                         const ReplayOptions& options);

// What is wrong with a trace of kProcessesMax processes.
InputError too_many_processes();

// The pages of a machine. REQUIRES: make_machine() takes its paging format.
PageSize page_size_of(const MachineOptions& machine);
// The most frames that make_machine() takes with that format. REQUIRES: as above.
uint64_t frames_max_of(const MachineOptions& machine);
// Where its user space ends. REQUIRES: as above.
VirtAddr user_end_of(const MachineOptions& machine);
// TraceForms::by_number_below for such a machine.
uint64_t by_number_below_of(const MachineOptions& machine);

}  // namespace faultline::replay
