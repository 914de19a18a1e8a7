// The report of a replay, as text for people and as the JSON document of docs/replay.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faultline/options.h"
#include "faultline/stats.h"

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

struct ReplayReport {
  std::vector<std::string> files;
  std::string format;
  uint64_t records = 0;
  uint64_t page_size = 4096;
  MachineOptions config{};
  Stats stats{};
  std::optional<ReplayCalls> calls{};  // nothing: the trace holds none
  std::optional<HostTiming> host{};
};

// One line, compact, keys in the contract's order, without a newline.
std::string replay_report_json(const ReplayReport& report);
// The same for a person, several lines, each ended by a newline.
std::string replay_report_text(const ReplayReport& report);
// "l1d=64x4,l1i=64x8,l2=1536x12" or "none".
std::string tlb_spec(const TlbOptions& tlb);

}  // namespace faultline
