#include "sim/reclaim/index_lists.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <string>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::reclaim {

template <size_t kLists>
struct IndexListsTestPeer {
  static auto& node(IndexLists<kLists>& lists, uint32_t index) { return lists.nodes_[index]; }
  static auto& ends(IndexLists<kLists>& lists, size_t list) { return lists.ends_[list]; }
};

namespace {

using testing::dies_with;
using Lists = IndexLists<2>;
using Peer = IndexListsTestPeer<2>;

std::string picture(const Lists& lists, size_t list) {
  std::string forward;
  std::string backward;
  for (uint32_t i = lists.front(list); i != kNoIndex; i = lists.next(i))
    forward += std::to_string(i) + " ";
  for (uint32_t i = lists.back(list); i != kNoIndex; i = lists.previous(i))
    backward = std::to_string(i) + " " + backward;
  CHECK(forward == backward);
  return forward;
}

TEST_CASE("IndexLists: numbers go from list to list, to the front, the back and between") {
  Lists lists;
  for (const uint32_t i : {3u, 1u, 4u}) lists.push_back(0, i);
  lists.push_front(0, 9);
  CHECK(picture(lists, 0) == "9 3 1 4 ");
  lists.remove(1);
  CHECK(lists.list_of(1) == Lists::kNone);
  lists.push_back(1, 1);
  CHECK(lists.list_of(1) == 1);
  lists.insert(0, 7, 4);
  CHECK(picture(lists, 0) == "9 3 7 4 ");
  lists.move_to_back(0, 9);
  lists.move_to_front(0, 4);
  CHECK(picture(lists, 0) == "4 3 7 9 ");
  lists.move_to_back(1, 1);
  CHECK(picture(lists, 1) == "1 ");
  CHECK(lists.size(0) == 4);
  CHECK(lists.list_of(100) == Lists::kNone);
  lists.validate();
}

TEST_CASE("IndexLists: does what deques do") {
  base::Prng prng(11);
  Lists lists;
  std::array<std::deque<uint32_t>, 2> model;
  for (int step = 0; step < 5'000; ++step) {
    const auto index = uint32_t(prng.below(20));
    const auto list = size_t(prng.below(2));
    for (size_t i = 0; i < 2; ++i) {
      const auto found = std::find(model[i].begin(), model[i].end(), index);
      REQUIRE((lists.list_of(index) == i) == (found != model[i].end()));
      if (found == model[i].end()) continue;
      lists.remove(index);
      model[i].erase(found);
    }
    if (prng.below(3) == 0) {
      lists.push_front(list, index);
      model[list].push_front(index);
    } else if (prng.below(2) == 0) {
      lists.push_back(list, index);
      model[list].push_back(index);
    }
    lists.validate();
    for (size_t i = 0; i < 2; ++i) {
      std::string expected;
      for (const uint32_t held : model[i]) expected += std::to_string(held) + " ";
      REQUIRE(picture(lists, i) == expected);
      REQUIRE(lists.size(i) == model[i].size());
    }
  }
}

TEST_CASE("IndexLists: a number is in one list, and only one that is in a list can go") {
  Lists lists;
  lists.push_back(0, 1);
  CHECK(dies_with([&] { lists.push_back(1, 1); }, "list == kNone"));
  CHECK(dies_with([&] { lists.remove(2); }, "!= kNone"));
}

TEST_CASE("IndexLists: validate sees each invariant broken") {
  Lists lists;
  for (const uint32_t i : {1u, 2u, 3u}) lists.push_back(0, i);
  lists.push_back(1, 0);
  lists.validate();
  SUBCASE("1: backwards") {
    Peer::node(lists, 3).previous = 1;
    CHECK(dies_with([&] { lists.validate(); }, "list 0: 3 does not fit in"));
  }
  SUBCASE("1: a loop") {
    Peer::node(lists, 3).next = 1;
    CHECK(dies_with([&] { lists.validate(); }, "list 0: more than 3, or a loop"));
  }
  SUBCASE("1: one left out") {
    Peer::ends(lists, 1).size = 2;
    CHECK(dies_with([&] { lists.validate(); }, "list 1: 1 of 2 met"));
  }
  SUBCASE("2: one too many") {
    lists.push_back(1, 5);
    lists.remove(5);
    Peer::node(lists, 5).list = 1;
    CHECK(dies_with([&] { lists.validate(); }, "5 numbers say they are in a list, 4 are"));
  }
}

}  // namespace
}  // namespace faultline::reclaim
