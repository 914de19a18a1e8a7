#include "sim/base/clock.h"

#include <doctest/doctest.h>

#include <limits>

#include "tests/support/death.h"

namespace faultline::base {
namespace {

using testing::dies_with;

TEST_CASE("VirtualClock: begins at zero and adds up") {
  VirtualClock clock;
  CHECK(clock.now() == 0);
  clock.advance(0);
  clock.advance(100);
  clock.advance(23);
  CHECK(clock.now() == 123);
}

TEST_CASE("VirtualClock: time never goes back") {
  VirtualClock clock;
  clock.advance(std::numeric_limits<Ticks>::max());
  CHECK(dies_with([&] { clock.advance(1); }, "check failed: later.has_value()"));
}

}  // namespace
}  // namespace faultline::base
