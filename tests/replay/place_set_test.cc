// PlaceSet is held to std::set.
#include "sim/replay/place_set.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <iterator>
#include <set>

#include "sim/base/prng.h"

namespace faultline::replay {
namespace {

using Sorted = std::set<uint32_t>;

uint32_t last_up_to(const Sorted& places, uint32_t place) {
  const auto behind = places.upper_bound(place);
  return behind == places.begin() ? PlaceSet::kNone : *std::prev(behind);
}
uint32_t first_from(const Sorted& places, uint32_t place) {
  const auto first = places.lower_bound(place);
  return first == places.end() ? PlaceSet::kNone : *first;
}

// As many places as there are, a few, or one and none, in rooms of one level to four.
TEST_CASE("PlaceSet: places near and far are found as in a sorted set") {
  for (const uint32_t room : {1U, 64U, 65U, 4'096U, 5'000U, 262'144U, 300'000U, 20'000'000U}) {
    CAPTURE(room);
    for (const uint64_t wanted : {1U, 10U, 1'000U}) {
      base::Prng prng(room + wanted);
      PlaceSet set(room);
      Sorted places;
      for (int step = 0; step < 4'000; ++step) {
        const auto place = static_cast<uint32_t>(prng.below(room));
        CHECK(set.last_up_to(place) == last_up_to(places, place));
        CHECK(set.first_from(place) == first_from(places, place));
        if (places.size() < wanted && prng.below(4) != 0) {
          set.insert(place);
          places.insert(place);
        } else if (const uint32_t last = set.last_up_to(place); last != PlaceSet::kNone) {
          set.erase(last);
          places.erase(last);
        }
      }
    }
  }
}

}  // namespace
}  // namespace faultline::replay
