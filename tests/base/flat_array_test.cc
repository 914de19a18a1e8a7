#include "sim/base/flat_array.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace faultline::base {
namespace {

struct Item {
  uint32_t number = 7;
  uint32_t other = 0;
};

TEST_CASE("FlatArray: what it holds stays as it grows, and what is new is a default element") {
  FlatArray<Item> items;
  CHECK(items.size() == 0);
  CHECK(items.span().empty());
  // Steps of all sizes, up to blocks that the host moves by its page tables.
  for (std::size_t size = 1; size < 3'000'000; size = size * 3 / 2 + 1) {
    const std::size_t before = items.size();
    items.grow_to(size);
    REQUIRE(items.size() == size);
    bool kept = true;
    bool fresh = true;
    for (std::size_t i = 0; i < size; ++i) {
      if (i < before) kept = kept && items[i].number == uint32_t(i) && items[i].other == 1;
      if (i >= before) fresh = fresh && items[i].number == 7 && items[i].other == 0;
      items[i] = {uint32_t(i), 1};
    }
    CHECK(kept);
    CHECK(fresh);
    CHECK(items.span().size() == size);
    CHECK(items.span().back().number == uint32_t(size - 1));
  }
}

TEST_CASE("FlatArray: a copy goes its own way, small or large") {
  for (const std::size_t size : {5U, 1'000'000U}) {
    FlatArray<uint64_t> items;
    items.grow_to(size, 3);
    FlatArray<uint64_t> copy = items;
    copy[1] = 4;
    copy.grow_to(2 * size, 5);
    CHECK(items.size() == size);
    CHECK(items[1] == 3);
    FlatArray<uint64_t> moved = std::move(copy);
    CHECK(moved[1] == 4);
    CHECK(moved[size] == 5);
    items = moved;
    CHECK(items.size() == 2 * size);
    CHECK(items[0] == 3);
  }
}

TEST_CASE("FlatArray: it never shrinks") {
  FlatArray<uint64_t> items;
  items.grow_to(5);
  items[4] = 9;
  items.grow_to(3);
  CHECK(items.size() == 5);
  CHECK(items[4] == 9);
}

}  // namespace
}  // namespace faultline::base
