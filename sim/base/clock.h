// VirtualClock: the time inside a machine. Linux's jiffies.
//
// Units: ticks; one tick is one microsecond of virtual time. The host's clock is never read, so the
// same input takes the same time on every run.
// Invariants: 1. time never goes back.
// Owner: the machine. Threads: the machine's.

#pragma once

#include <cstdint>

#include "sim/base/align.h"
#include "sim/base/check.h"

namespace faultline::base {

using Ticks = std::uint64_t;

class VirtualClock {
 public:
  // Ticks since the machine was built.
  Ticks now() const { return now_ticks_; }

  // REQUIRES: the sum fits; that is half a million years.
  void advance(Ticks ticks) {
    const auto later = checked_add(now_ticks_, ticks);
    FL_CHECK(later.has_value());
    now_ticks_ = *later;
  }

 private:
  Ticks now_ticks_ = 0;
};

}  // namespace faultline::base
