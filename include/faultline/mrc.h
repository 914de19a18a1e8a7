// Miss-ratio curves: the misses of LRU for every size of memory at once, from one pass over a
// trace; exact, or estimated from a sample of its pages. Beside it, exactly, those of any policy at
// given sizes.
//
// Units: memory in frames, one a page. Plain values.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/policy.h"
#include "faultline/result.h"
#include "faultline/trace.h"

namespace faultline {

// Memory of `frames`, up to the next size in the curve, misses that often.
struct MissPoint {
  uint64_t frames = 0;
  uint64_t misses = 0;  // cold ones too
  friend constexpr bool operator==(const MissPoint&, const MissPoint&) = default;
};

struct MissCurve {
  uint64_t references = 0;
  uint64_t pages = 0;
  uint64_t cold_misses = 0;
  // 1 frame (of a sample: the least that it can tell of), and every size at which the misses
  // change; frames rise, misses fall.
  std::vector<MissPoint> points{};

  // Below the first point: every reference.
  uint64_t misses_at(uint64_t frames) const;
};

struct ProcessCurve {
  uint32_t pid = 0;  // as the trace numbers it
  MissCurve curve{};
};

// One policy in memory of one size: what a replay with it counts under `replacement`.
struct PolicyPoint {
  uint64_t frames = 0;
  uint64_t misses = 0;  // cold ones too
  uint64_t evictions = 0;
  uint64_t dirty_evictions = 0;
  friend constexpr bool operator==(const PolicyPoint&, const PolicyPoint&) = default;
};

// The pages of all processes in one memory.
struct PolicyCurve {
  std::string policy{};               // as it was asked for
  std::vector<PolicyPoint> points{};  // frames rise
};

// How a curve was estimated. Pages, cold misses and misses are estimates then; references are not.
struct MrcSampling {
  std::optional<uint64_t> pages_max{};  // with a sample of bounded size
  double rate = 1;                      // of pages in the sample, at the end
  uint64_t seed = 0;
  uint64_t pages = 0;       // in the sample at the end
  uint64_t references = 0;  // that met one of the sample
  // Of the miss ratio, estimated from parts of the sample: the mean over all sizes, and the largest
  // one.
  double standard_error = 0;
  double standard_error_max = 0;
};

// How many pages a curve can be of.
inline constexpr uint64_t kMrcPagesMax = 1'000'000'000;
// And policies beside it.
inline constexpr uint64_t kMrcPolicyPagesMax = uint64_t{1} << 28;

struct MrcOptions {
  std::string paging = "x86-64";     // the size of pages, and the end of user space
  std::string paging_description{};  // as MachineOptions has it
  uint64_t skip = 0;                 // accesses passed over at the beginning
  uint64_t limit = std::numeric_limits<uint64_t>::max();  // accesses after these
  // Of the pages, how many are looked at: a share, a number, or (neither) all.
  std::optional<double> sample_rate{};
  std::optional<uint64_t> sample_pages{};
  uint64_t seed = 0;
  // Policies ("clock:enter=0") that are measured too, each in memory of each of these sizes.
  std::vector<std::string> policies{};
  std::vector<uint64_t> policy_frames{};
  // With more pages than these, of all processes together, there is no curve; of a sample, in it.
  uint64_t pages_max = kMrcPagesMax;
  bool paranoid = false;  // the policies' invariants are checked after each block
  // Looked at before each block; null: never interrupted.
  const std::atomic<bool>* interrupted = nullptr;
  // Told after each block how many accesses have been done; may be empty.
  std::function<void(uint64_t accesses)> on_progress{};
};

struct MrcReport {
  std::vector<std::string> files{};  // the caller's to set
  std::string format{};
  std::vector<std::string> damage{};  // what TraceOptions::salvage left out, and where
  uint64_t records = 0;               // accesses, those that are no reference too
  uint64_t page_size = 4096;
  MissCurve total{};  // the pages of all processes in one memory
  // Each process alone, in the order of their pids; empty where there is only one.
  std::vector<ProcessCurve> processes{};
  std::vector<PolicyCurve> policies{};  // in the order they were asked for
  std::optional<MrcSampling> sampling{};
  bool interrupted = false;  // the rest of the trace was not looked at
  // It has more pages than MrcOptions::pages_max, or kMrcPolicyPagesMax where there are policies:
  // the curves are of what came before, and worth nothing.
  bool too_many_pages = false;
};

// What is left of `reader`'s trace, as a string of references: the calls that it holds are passed
// over, and accesses beyond user space are no references.
// Errors: the reader's; the pages of options.paging are below 4 KiB; a policy that there is not; a
// sample that no page is in. REQUIRES: make_machine() takes options.paging and its description;
// pages_max <= kMrcPagesMax; 0 < sample_rate <= 1; 0 < sample_pages; not both, and neither with
// policies; policy_frames rise, from 1 at least.
Result<MrcReport, InputError> measure_mrc(TraceReader& reader, const MrcOptions& options);

// One line, compact, keys in the contract's order, without a newline.
std::string mrc_report_json(const MrcReport& report);
// "process,frames,misses" and a line a point, those of the total as the process "all"; with
// policies there is a fourth column that names each line's.
std::string mrc_report_csv(const MrcReport& report);
// For a person: sizes that are powers of two, and those at which the curve bends most.
std::string mrc_report_text(const MrcReport& report);
// The miss ratio by the size of memory, a line a process and one for all: an SVG document, or an
// HTML page with it in.
std::string mrc_report_svg(const MrcReport& report);
std::string mrc_report_html(const MrcReport& report);

}  // namespace faultline
