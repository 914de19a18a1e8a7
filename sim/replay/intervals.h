// Intervals: what was counted between one end of an interval and the next.
#pragma once

#include <vector>

#include "faultline/report.h"
#include "sim/replay/working_set.h"

namespace faultline::replay {

class Intervals {
 public:
  // Working sets are of pages of 1 << page_bits bytes. REQUIRES: page_bits >= kPageRunShift.
  explicit Intervals(unsigned page_bits) : working_set_(page_bits) {}

  // What is to see the references of the replay.
  PageObserver& observer() { return working_set_; }
  // An interval ends, and `stats` is what was counted since the replay began.
  void end_interval(const Stats& stats);
  std::vector<IntervalReport> take_reports() { return std::move(reports_); }

 private:
  WorkingSet working_set_;
  Stats before_;
  std::vector<IntervalReport> reports_;
};

}  // namespace faultline::replay
