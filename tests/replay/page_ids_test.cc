// PageIds against a map: the same number for the same page, and the next free one for a new page.
#include "sim/replay/page_ids.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <unordered_map>

#include "sim/base/prng.h"

namespace faultline::replay {
namespace {

TEST_CASE("PageIds: numbers in the order in which pages come, whatever their size") {
  for (const unsigned bits : {1U, 8U, 9U, 35U, 40U, 41U, 44U, 56U, 64U}) {
    CAPTURE(bits);
    PageIds ids;
    std::unordered_map<uint64_t, uint32_t> expected;
    base::Prng random(bits);
    const uint64_t mask = ~uint64_t{0} >> (64 - bits);
    for (int i = 0; i < 30'000; ++i) {
      // Now near ones, now far ones, and the last page there is.
      const uint64_t page = (i % 3 == 0   ? random.next()
                             : i % 3 == 1 ? uint64_t(i)
                                          : ~random.below(20'000)) &
                            mask;
      const auto [known, is_new] = expected.try_emplace(page, uint32_t(expected.size()));
      REQUIRE(ids.get(page) == known->second);
    }
    CHECK(ids.size() == expected.size());
    for (const auto& [page, id] : expected) REQUIRE(ids.get(page) == id);
  }
}

TEST_CASE("PageIds: a copy goes its own way") {
  PageIds ids;
  for (uint64_t page = 0; page < 5'000; ++page) ids.get(page * 512);
  PageIds copy = ids;
  CHECK(copy.get(1) == 5'000);
  CHECK(ids.get(2) == 5'000);
  CHECK(copy.get(4'999 * 512) == 4'999);
  CHECK(ids.get(4'999 * 512) == 4'999);
}

}  // namespace
}  // namespace faultline::replay
