// Sweeps: many replays of one trace, which is read once, on several threads. Each configuration has
// the report that a replay of it alone would have, whatever the number of threads.
//
//     auto trace = open_trace({"sort.lackey.zst"}, {});
//     SweepOptions options{.jobs = 2};
//     for (const uint64_t frames : {64, 256, 1024})
//       options.configurations.push_back({.frames = frames,
//                                         .contents = Contents::kNone,
//                                         .unmapped = Unmapped::kMap});
//     const auto sweep = sweep_trace(**trace, options);
//     if (sweep.ok()) std::puts(sweep_report_csv(*sweep).c_str());
//
// Units: memory in frames; skip and limit in accesses. Ownership: the reader is the caller's.
// Threads: runs some of its own, and ends them; plain values otherwise.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/options.h"
#include "faultline/report.h"
#include "faultline/result.h"
#include "faultline/trace.h"

namespace faultline {

// A configuration has a thread, most of the time a waiting one.
inline constexpr std::size_t kSweepConfigurationsMax = 1024;

struct SweepOptions {
  // What is replayed, each as make_machine() takes it; a policy that must know the future has a
  // next_uses of its own. For a trace that says what was mapped (TraceReader::has_calls)
  // Unmapped::kFault is right, for others Unmapped::kMap.
  std::vector<MachineOptions> configurations{};
  uint64_t skip = 0;                                      // accesses passed over at the beginning
  uint64_t limit = std::numeric_limits<uint64_t>::max();  // accesses replayed after these
  unsigned jobs = 1;  // threads that work at a time, the one that reads included
  // When it rises, all replays end at the same access; null: never.
  const std::atomic<bool>* interrupted = nullptr;
  // Told, on the thread that called, how many accesses behind those skipped have been read; may be
  // empty.
  std::function<void(uint64_t accesses)> on_progress{};
};

enum class SweepEnd : uint8_t {
  kDone,         // the trace is at its end, or the limit reached
  kInterrupted,  // before
  kOutOfMemory,  // of one of the machines: no frame was to be had; what it reports is cut short
};

struct SweepReport {
  SweepEnd end = SweepEnd::kDone;
  // In the order of the configurations. Their `files` are the caller's to set.
  std::vector<ReplayReport> replays{};
};

// Replays what is left of `reader`'s trace in each of the configurations.
// Errors: the reader's; an option that no machine has; a thread cannot be started.
// REQUIRES: at most kSweepConfigurationsMax configurations; at least one job.
Result<SweepReport, InputError> sweep_trace(TraceReader& reader, const SweepOptions& options);

// The documents of replay_report_json() as one array, on one line without a newline.
std::string sweep_report_json(const SweepReport& report);
// A row of names, and one a configuration.
std::string sweep_report_csv(const SweepReport& report);
// The same for a person; what all configurations have in common is said once.
std::string sweep_report_text(const SweepReport& report);
// Misses by the size of memory, a line for each of what differs otherwise: an SVG document, or an
// HTML page with it in.
std::string sweep_report_svg(const SweepReport& report);
std::string sweep_report_html(const SweepReport& report);

}  // namespace faultline
