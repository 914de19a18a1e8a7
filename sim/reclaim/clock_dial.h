// ClockDial: frames in a circle in the order of their numbers, and a hand that goes around: what
// CLOCK and its kin are made of. The hand starts at the first frame filled.
//
// Units: frames by Pfn. Memory: a byte a frame up to the highest ever held.
// Invariants, checked by validate():
//   1. size() equals the number of frames held
//   2. the hand points at a frame number, held or not, and not beyond the first number never held
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "faultline/types.h"

namespace faultline::reclaim {

class ClockDial {
 public:
  enum class State : uint8_t {
    kNotHeld,
    kHeld,
    kEntered,  // held, and the hand has not passed since the page entered with its bit set
  };

  // REQUIRES: not held; `state` is not kNotHeld.
  void add(Pfn frame, State state);
  // REQUIRES: held.
  void remove(Pfn frame);

  // The frame number under the hand, which goes on to the next. REQUIRES: places() > 0.
  Pfn step() {
    if (hand_ == states_.size()) hand_ = 0;
    return Pfn{static_cast<uint32_t>(hand_++)};
  }
  // The frame numbers of one round.
  size_t places() const { return states_.size(); }
  // REQUIRES: frame.value < places().
  State state(Pfn frame) const { return states_[frame.value]; }
  // The hand has passed the frame. REQUIRES: held.
  void pass(Pfn frame) { states_[frame.value] = State::kHeld; }

  uint64_t size() const { return size_; }
  void validate() const;

 private:
  friend struct ClockDialTestPeer;

  std::vector<State> states_;  // by Pfn
  size_t hand_ = 0;
  uint64_t size_ = 0;
};

}  // namespace faultline::reclaim
