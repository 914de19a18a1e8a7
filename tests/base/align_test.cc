#include "sim/base/align.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include "tests/support/death.h"

namespace faultline::base {
namespace {

using testing::dies_with;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST_CASE("is_power_of_two: one bit and no other") {
  for (std::uint64_t value = 0; value < 1024; ++value) {
    int bits = 0;
    for (std::uint64_t rest = value; rest != 0; rest >>= 1) bits += static_cast<int>(rest & 1);
    CHECK(is_power_of_two(value) == (bits == 1));
  }
  CHECK(is_power_of_two(std::uint64_t{1} << 63));
  CHECK_FALSE(is_power_of_two(kMax));
}

TEST_CASE("align_down and align_up: the multiples on both sides, for all small cases") {
  for (std::uint64_t alignment = 1; alignment <= 64; alignment *= 2) {
    for (std::uint64_t value = 0; value < 200; ++value) {
      const std::uint64_t down = value / alignment * alignment;
      CHECK(align_down(value, alignment) == down);
      CHECK(align_up(value, alignment) == (down == value ? value : down + alignment));
      CHECK(is_aligned(value, alignment) == (down == value));
    }
  }
}

TEST_CASE("checked_align_up: nothing where the multiple does not fit") {
  CHECK(checked_align_up(kMax - 4095, 4096) == kMax - 4095);
  CHECK_FALSE(checked_align_up(kMax - 4094, 4096).has_value());
  CHECK_FALSE(checked_align_up(kMax, 2).has_value());
  CHECK(checked_align_up(kMax, 1) == kMax);
}

TEST_CASE("checked_add: nothing where the sum wraps") {
  CHECK(checked_add(kMax - 1, 1) == kMax);
  CHECK_FALSE(checked_add(kMax, 1).has_value());
  CHECK_FALSE(checked_add(kMax, kMax).has_value());
  CHECK(checked_add(0, kMax) == kMax);
}

TEST_CASE("alignment is checked") {
  CHECK(dies_with([] { align_down(8, 3); }, "check failed: is_power_of_two(alignment)"));
  CHECK(dies_with([] { align_up(8, 0); }, "check failed: is_power_of_two(alignment)"));
  CHECK(dies_with([] { align_up(kMax, 4096); }, "check failed: aligned.has_value()"));
}

}  // namespace
}  // namespace faultline::base
