// The report of a replay, as text for people and as the JSON document of docs/replay.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faultline/options.h"
#include "faultline/stats.h"
#include "faultline/types.h"

namespace faultline {

// How long the replay took on the machine that ran it; the one thing in a report that is not
// deterministic.
struct HostTiming {
  double wall_seconds = 0;
};

// What became of the calls of a trace that holds such.
struct ReplayCalls {
  uint64_t made = 0;
  uint64_t differing = 0;  // succeeded in the trace alone, or here alone
};

// A stretch of a replay: what was counted in it, and how things stood at its end.
struct IntervalReport {
  uint64_t accesses = 0;           // replayed so far
  Stats counted{};                 // in the stretch; memory: at its end
  uint64_t working_set_pages = 0;  // distinct pages referenced in the stretch
};

// What the TLB would have done, had every page been of `page_size` bytes.
struct HugePageReport {
  uint64_t page_size = 0;
  uint64_t pages = 0;  // that the program would have touched
  TlbStats tlb{};
};

// The faults in a mapping, or in pages that lie together.
struct MappingFaults {
  uint32_t pid = 0;  // as the trace has it
  AddrRange range{};
  std::string name{};  // of the mapping, as /proc/PID/maps has it
  uint64_t pages = 0;  // that faulted
  uint64_t minor = 0;
  uint64_t major = 0;
};

struct ReplayReport {
  std::vector<std::string> files;
  std::string format;
  std::vector<std::string> damage{};  // what --salvage left out, and where
  uint64_t records = 0;
  uint64_t page_size = 4096;
  MachineOptions config{};
  Stats stats{};
  std::optional<ReplayCalls> calls{};  // nothing: the trace holds none
  // What was asked for beside the counters.
  std::optional<std::vector<IntervalReport>> intervals{};
  std::optional<std::vector<HugePageReport>> huge_pages{};
  std::optional<std::vector<MappingFaults>> by_mapping{};
  std::optional<HostTiming> host{};
};

// One line, compact, keys in the contract's order, without a newline.
std::string replay_report_json(const ReplayReport& report);
// The same for a person, several lines, each ended by a newline.
std::string replay_report_text(const ReplayReport& report);
// A row of counters an interval, as CSV, with a row of their names before. REQUIRES: intervals.
std::string replay_intervals_csv(const ReplayReport& report);
// "l1d=64x4,l1i=64x8,l2=1536x12" or "none".
std::string tlb_spec(const TlbOptions& tlb);
// "pde=32x4,pdpte=4x4", the levels that are cached, or "none".
std::string walk_cache_spec(const WalkCacheOptions& walk_cache);

}  // namespace faultline
