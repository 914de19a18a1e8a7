// Miss-ratio curves: the misses of LRU for every size of memory at once, from one pass over a
// trace; exact, or estimated from a sample of its pages.
//
// Units: memory in frames, one a page. Plain values.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "faultline/input_error.h"
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

struct MrcOptions {
  std::string paging = "x86-64";  // the size of pages, and the end of user space
  uint64_t skip = 0;              // accesses passed over at the beginning
  uint64_t limit = std::numeric_limits<uint64_t>::max();  // accesses after these
  // Of the pages, how many are looked at: a share, a number, or (neither) all.
  std::optional<double> sample_rate{};
  std::optional<uint64_t> sample_pages{};
  uint64_t seed = 0;
  // Looked at before each block; null: never interrupted.
  const std::atomic<bool>* interrupted = nullptr;
  // Told after each block how many accesses have been done; may be empty.
  std::function<void(uint64_t accesses)> on_progress{};
};

struct MrcReport {
  std::vector<std::string> files{};  // the caller's to set
  std::string format{};
  uint64_t records = 0;  // accesses, those that are no reference too
  uint64_t page_size = 4096;
  MissCurve total{};  // the pages of all processes in one memory
  // Each process alone, in the order of their pids; empty where there is only one.
  std::vector<ProcessCurve> processes{};
  std::optional<MrcSampling> sampling{};
  bool interrupted = false;  // the rest of the trace was not looked at
};

// What is left of `reader`'s trace, as a string of references: the calls that it holds are passed
// over, and accesses beyond user space are no references.
// Errors: the reader's; the pages of options.paging are below 4 KiB. REQUIRES: make_machine() takes
// options.paging; 0 < sample_rate <= 1; 0 < sample_pages; not both.
Result<MrcReport, InputError> measure_mrc(TraceReader& reader, const MrcOptions& options);

// One line, compact, keys in the contract's order, without a newline.
std::string mrc_report_json(const MrcReport& report);
// "pid,frames,misses" and a line a point, those of the total without a pid.
std::string mrc_report_csv(const MrcReport& report);
// For a person: sizes that are powers of two, and those at which the curve bends most.
std::string mrc_report_text(const MrcReport& report);
// The miss ratio by the size of memory, a line a process and one for all: an SVG document, or an
// HTML page with it in.
std::string mrc_report_svg(const MrcReport& report);
std::string mrc_report_html(const MrcReport& report);

}  // namespace faultline
