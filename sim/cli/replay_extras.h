// ReplayExtras: what a user of `faultline replay` asks for beside the counters: curves over time,
// faults by mapping, huge pages.
#pragma once

#include <deque>

#include "faultline/events.h"
#include "faultline/options.h"
#include "faultline/report.h"
#include "sim/cli/commands.h"
#include "sim/replay/engine.h"
#include "sim/replay/fault_census.h"
#include "sim/replay/huge_pages.h"
#include "sim/replay/intervals.h"

namespace faultline::cli {

// How often --paranoid checks, in accesses.
inline constexpr uint64_t kParanoidInterval = 1 << 16;

class ReplayExtras {
 public:
  // `events` is who listens besides; null: nobody. Everything outlives this.
  ReplayExtras(const ReplayCommand& command, const MachineOptions& machine, EventSink* events);

  // Who is to listen to the machine; null: nobody.
  EventSink* sink() { return command_.by_mapping ? &census_ : events_; }
  // `engine` will replay with `options`.
  void watch(replay::Engine& engine, replay::ReplayOptions& options);
  // The replay is done.
  void add_to(ReplayReport& report);

 private:
  const ReplayCommand& command_;
  EventSink* const events_;
  replay::FaultCensus census_;
  std::deque<replay::HugePages> huge_pages_;
  replay::Intervals intervals_;
};

}  // namespace faultline::cli
