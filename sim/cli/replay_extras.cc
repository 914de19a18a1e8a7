#include "sim/cli/replay_extras.h"

#include <algorithm>

#include "faultline/page_run.h"

namespace faultline::cli {
namespace {

// x86-64's huge pages.
constexpr uint32_t kHugeShifts[] = {21, 30};

}  // namespace

ReplayExtras::ReplayExtras(const ReplayCommand& command, const MachineOptions& machine,
                           EventSink* events)
    : command_(command),
      events_(events),
      census_(events, replay::page_size_of(machine)),
      intervals_(std::max<unsigned>(replay::page_size_of(machine).shift, kPageRunShift)) {
  if (!command.huge_pages) return;
  for (const uint32_t shift : kHugeShifts)
    huge_pages_.emplace_back(replay::HugePages::Options{.shift = shift, .tlb = machine.tlb});
}

void ReplayExtras::watch(replay::Engine& engine, replay::ReplayOptions& options) {
  if (command_.by_mapping) options.census = &census_;
  for (replay::HugePages& huge : huge_pages_) options.observers.push_back(&huge);
  if (options.interval == 0) return;
  options.observers.push_back(&intervals_.observer());
  options.on_interval = [this, &engine] { intervals_.end_interval(engine.stats()); };
}

void ReplayExtras::add_to(ReplayReport& report) {
  if (!command_.interval.empty()) report.intervals = intervals_.take_reports();
  if (command_.by_mapping) report.by_mapping = census_.by_mapping();
  if (!command_.huge_pages) return;
  report.huge_pages.emplace();
  for (const replay::HugePages& huge : huge_pages_) report.huge_pages->push_back(huge.report());
}

}  // namespace faultline::cli
