#include "sim/reclaim/clock_dial.h"

#include "sim/base/check.h"

namespace faultline::reclaim {

void ClockDial::add(Pfn frame, State state) {
  FL_CHECK(frame != kNoPfn && state != State::kNotHeld);
  if (states_.empty()) hand_ = frame.value;
  if (frame.value >= states_.size()) states_.resize(frame.value + size_t{1}, State::kNotHeld);
  FL_CHECK(states_[frame.value] == State::kNotHeld);
  states_[frame.value] = state;
  ++size_;
}

void ClockDial::remove(Pfn frame) {
  FL_CHECK(frame.value < states_.size() && states_[frame.value] != State::kNotHeld);
  states_[frame.value] = State::kNotHeld;
  --size_;
}

void ClockDial::validate() const {
  uint64_t held = 0;
  for (const State state : states_) held += state != State::kNotHeld ? 1 : 0;
  FL_CHECK_MSG(held == size_, "clock: {} frames held, {} counted", held, size_);  // 1
  FL_CHECK_MSG(hand_ <= states_.size(), "clock: the hand is off the dial");       // 2
}

}  // namespace faultline::reclaim
