// IntervalClock: says where the accesses of a replay are to be parted for ReplayOptions::interval,
// and calls on_interval() there.
#pragma once

#include <cstdint>
#include <limits>

#include "sim/replay/replayer.h"

namespace faultline::replay {

class IntervalClock {
 public:
  explicit IntervalClock(const ReplayOptions& options) : options_(options), left_(length()) {}

  // Accesses up to the end of the interval; at least 1.
  uint64_t left() const { return left_; }
  // So many accesses are done. REQUIRES: no more than left().
  void pass(uint64_t accesses) {
    left_ -= accesses;
    if (left_ > 0) return;
    options_.on_interval();
    left_ = length();
  }
  // The replay is done.
  void finish() {
    if (options_.interval != 0 && left_ < length()) options_.on_interval();
  }

 private:
  uint64_t length() const {
    return options_.interval == 0 ? std::numeric_limits<uint64_t>::max() : options_.interval;
  }

  const ReplayOptions& options_;
  uint64_t left_;
};

}  // namespace faultline::replay
