// sort_by_position() against std::stable_sort.
#include "sim/base/sort_by_position.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "sim/base/prng.h"

namespace faultline::base {
namespace {

struct Item {
  uint64_t position;
  size_t index;
  friend bool operator==(const Item&, const Item&) = default;
};

TEST_CASE("sort_by_position: as a stable sort, however many and however far apart") {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  Prng prng(1);
  std::vector<Item> scratch;
  for (const size_t count : {0U, 1U, 2U, 1'023U, 1'024U, 5'000U}) {
    for (const uint64_t span :
         {uint64_t{1}, uint64_t{3}, uint64_t{2'048}, uint64_t{2'049}, uint64_t{1} << 33, kMax}) {
      for (const uint64_t first : {uint64_t{0}, kMax - (span - 1)}) {
        CAPTURE(count);
        CAPTURE(span);
        CAPTURE(first);
        std::vector<Item> items(count);
        for (size_t i = 0; i < count; ++i) items[i] = {first + prng.below(span), i};
        std::vector<Item> expected = items;
        std::ranges::stable_sort(expected, std::less(), &Item::position);
        sort_by_position(items, scratch, [](const Item& item) { return item.position; });
        REQUIRE(items == expected);
      }
    }
  }
}

}  // namespace
}  // namespace faultline::base
