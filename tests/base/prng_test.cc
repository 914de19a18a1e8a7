#include "sim/base/prng.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

#include "tests/support/death.h"

namespace faultline::base {
namespace {

using testing::dies_with;

TEST_CASE("Prng: the numbers of a seed never change") {
  Prng prng(0);
  const std::uint64_t expected[] = {0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0,
                                    0x6aa594f1262d2d2c};
  for (const std::uint64_t number : expected) CHECK(prng.next() == number);
}

TEST_CASE("Prng: one seed, one sequence; another seed, another") {
  Prng a(7);
  Prng b(7);
  Prng c(8);
  int same = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t number = a.next();
    CHECK(number == b.next());
    same += number == c.next() ? 1 : 0;
  }
  CHECK(same == 0);
}

TEST_CASE("Prng: below() stays below and reaches everything about equally often") {
  Prng prng(1);
  std::array<int, 10> counts{};
  for (int i = 0; i < 100'000; ++i) ++counts.at(prng.below(counts.size()));
  for (const int count : counts) {
    CHECK(count > 9'600);
    CHECK(count < 10'400);
  }
  for (int i = 0; i < 10; ++i) CHECK(prng.below(1) == 0);
}

TEST_CASE("Prng: below() is unbiased where a plain remainder is not") {
  // The bound is three quarters of all numbers: a plain remainder takes the lower third twice as
  // often as the rest, half of the time instead of a third of it.
  const std::uint64_t bound = std::uint64_t{3} << 62;
  Prng prng(2);
  int low = 0;
  for (int i = 0; i < 90'000; ++i) low += prng.below(bound) < bound / 3 ? 1 : 0;
  CHECK(low > 29'000);
  CHECK(low < 31'000);
}

TEST_CASE("Prng: below(0) is no question") {
  CHECK(dies_with([] { Prng(0).below(0); }, "check failed: bound > 0"));
}

}  // namespace
}  // namespace faultline::base
