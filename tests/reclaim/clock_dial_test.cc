#include "sim/reclaim/clock_dial.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

#include "tests/support/death.h"

namespace faultline::reclaim {

struct ClockDialTestPeer {
  static uint64_t& size(ClockDial& dial) { return dial.size_; }
  static size_t& hand(ClockDial& dial) { return dial.hand_; }
  static ClockDial::State& state(ClockDial& dial, Pfn frame) { return dial.states_[frame.value]; }
};

namespace {

using testing::dies_with;
using State = ClockDial::State;

ClockDial dial_of(std::initializer_list<uint32_t> frames) {
  ClockDial dial;
  for (const uint32_t frame : frames) dial.add(Pfn{frame}, State::kHeld);
  return dial;
}

// The frame numbers that the hand meets next.
std::string steps(ClockDial& dial, int count) {
  std::string met;
  for (int i = 0; i < count; ++i) met += char('0' + dial.step().value);
  return met;
}

TEST_CASE("ClockDial: the hand starts at the first frame filled and goes around all numbers") {
  ClockDial dial = dial_of({3, 1, 4});
  CHECK(dial.places() == 5);
  CHECK(steps(dial, 7) == "3401234");
  dial.validate();
}

TEST_CASE("ClockDial: a frame that comes and goes leaves the hand where it is") {
  ClockDial dial = dial_of({0, 1, 2});
  CHECK(steps(dial, 1) == "0");
  dial.remove(Pfn{1});
  CHECK(dial.size() == 2);
  CHECK(dial.state(Pfn{1}) == State::kNotHeld);
  dial.add(Pfn{1}, State::kEntered);
  dial.validate();
  CHECK(steps(dial, 2) == "12");
  CHECK(dial.state(Pfn{1}) == State::kEntered);
  dial.pass(Pfn{1});
  CHECK(dial.state(Pfn{1}) == State::kHeld);
  // The hand at the end of the dial meets a number that is new there.
  dial.add(Pfn{3}, State::kHeld);
  dial.validate();
  CHECK(steps(dial, 2) == "30");
}

TEST_CASE("ClockDial: a frame is held once, and only a held one can go") {
  CHECK(dies_with([] { dial_of({1, 1}); }, "== State::kNotHeld"));
  CHECK(dies_with([] { dial_of({1}).remove(Pfn{0}); }, "!= State::kNotHeld"));
  CHECK(dies_with([] { dial_of({1}).remove(Pfn{2}); }, "frame.value < states_.size()"));
  CHECK(dies_with([] { dial_of({kNoPfn.value}); }, "frame != kNoPfn"));
}

TEST_CASE("ClockDial: validate sees each broken invariant") {
  ClockDial dial = dial_of({0, 1, 2});
  dial.validate();
  SUBCASE("1: the count") {
    ++ClockDialTestPeer::size(dial);
    CHECK(dies_with([&] { dial.validate(); }, "clock: 3 frames held, 4 counted"));
  }
  SUBCASE("1: a frame that is lost") {
    ClockDialTestPeer::state(dial, Pfn{1}) = State::kNotHeld;
    CHECK(dies_with([&] { dial.validate(); }, "clock: 2 frames held, 3 counted"));
  }
  SUBCASE("2: the hand") {
    ClockDialTestPeer::hand(dial) = 3;
    dial.validate();
    ClockDialTestPeer::hand(dial) = 4;
    CHECK(dies_with([&] { dial.validate(); }, "clock: the hand is off the dial"));
  }
}

}  // namespace
}  // namespace faultline::reclaim
