#include "sim/mm/gap_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::mm {

struct GapIndexTestPeer {
  static auto& root(GapIndex& index) { return *index.root_; }
};

namespace {

using testing::dies_with;

AddrRange range(uint64_t start, uint64_t end) { return {{start}, {end}}; }
constexpr AddrRange kEverything{{0}, {1 << 20}};

TEST_CASE(
    "GapIndex: finds the highest and the lowest gap that is large enough, cut to the window") {
  GapIndex index;
  index.add(range(100, 110));
  index.add(range(300, 330));
  index.add(range(200, 220));
  CHECK(index.find_highest(1, kEverything) == range(300, 330));
  CHECK(index.find_lowest(1, kEverything) == range(100, 110));
  CHECK(index.find_lowest(11, kEverything) == range(200, 220));
  CHECK(index.find_highest(11, range(0, 310)) == range(200, 220));
  CHECK(index.find_highest(10, range(0, 310)) == range(300, 310));
  CHECK(index.find_lowest(5, range(105, 400)) == range(105, 110));
  CHECK(index.find_lowest(6, range(105, 400)) == range(200, 220));
  CHECK(index.find_highest(31, kEverything) == std::nullopt);
  CHECK(index.find_lowest(1, range(400, 500)) == std::nullopt);
  index.remove({300});
  CHECK(index.find_highest(1, kEverything) == range(200, 220));
  CHECK(index.size() == 2);
  index.validate();
}

// Gaps of slots of 16 that come and go; how full it becomes changes every few thousand steps, so
// that nodes are split and joined at every level. Compares with a scan of all.
struct Model {
  void change() {
    const uint64_t slot = prng.below(kSlots);
    const uint64_t start = slot * 16 + prng.below(4);
    const auto found = gaps.lower_bound(slot * 16);
    const bool there = found != gaps.end() && found->first < slot * 16 + 16;
    if (there && prng.below(4) == 0) {
      const AddrRange changed = range(start, start + 1 + prng.below(12));
      index.change({found->first}, changed);
      gaps.erase(found);
      gaps[start] = changed.end.value;
      return;
    }
    if (there && prng.below(100) < percent_removed) {
      index.remove({found->first});
      gaps.erase(found);
    } else if (!there && prng.below(100) >= percent_removed) {
      gaps[start] = start + 1 + prng.below(12);
      index.add(range(start, gaps[start]));
    }
  }
  void compare() {
    const uint64_t size = 1 + prng.below(13);
    const uint64_t low = prng.below(kSlots * 16);
    const AddrRange window = range(low, low + prng.below(kSlots * 16));
    std::optional<AddrRange> lowest, highest;
    for (const auto& [from, to] : gaps) {
      const AddrRange cut =
          range(std::max(from, window.start.value), std::min(to, window.end.value));
      if (cut.empty() || cut.size_bytes() < size) continue;
      if (!lowest) lowest = cut;
      highest = cut;
    }
    REQUIRE(index.find_lowest(size, window) == lowest);
    REQUIRE(index.find_highest(size, window) == highest);
    REQUIRE(index.size() == gaps.size());
  }

  static constexpr uint64_t kSlots = 3000;
  base::Prng prng{7};
  GapIndex index{};
  std::map<uint64_t, uint64_t> gaps{};  // start -> end
  uint64_t percent_removed = 50;
};

TEST_CASE("GapIndex: agrees with a scan of all gaps over random changes") {
  Model model;
  for (const uint64_t percent : std::initializer_list<uint64_t>{10, 90, 30, 70, 100, 5, 97}) {
    model.percent_removed = percent;
    for (int step = 0; step < 12000; ++step) {
      model.change();
      if (step % 40 == 0) model.compare();
      if (step % 200 == 0) model.index.validate();
    }
  }
}

TEST_CASE("GapIndex: gaps that go in any order leave nothing behind") {
  for (const bool from_below : {true, false}) {
    GapIndex index;
    for (uint64_t i = 0; i < 5000; ++i) index.add(range(i * 4, i * 4 + 1 + i % 3));
    index.validate();
    for (uint64_t i = 0; i < 5000; ++i) {
      index.remove({(from_below ? i : 4999 - i) * 4});
      if (i % 100 == 0) index.validate();
    }
    CHECK(index.size() == 0);
    CHECK(index.find_lowest(1, kEverything) == std::nullopt);
    index.add(range(1, 2));
    CHECK(index.find_highest(1, kEverything) == range(1, 2));
  }
}

TEST_CASE("GapIndex: what is not there cannot be removed, nor two gaps overlap") {
  GapIndex index;
  index.add(range(10, 20));
  CHECK(dies_with([&] { index.remove({11}); }, "starts[i] == start"));
  CHECK(dies_with([&] { index.remove({9}); }, "starts[i] == start"));
  CHECK(dies_with([&] { index.change({11}, range(12, 13)); }, "starts[i] == start"));
  CHECK(dies_with([&] { index.add(range(5, 11)); }, "gap.end <= "));
  CHECK(dies_with([&] { index.add(range(19, 30)); }, ".end <= gap.start"));
  index.add(range(30, 40));
  index.add(range(50, 60));
  CHECK(dies_with([&] { index.change({30}, range(19, 40)); }, ".end <= gap.start"));
  CHECK(dies_with([&] { index.change({30}, range(30, 51)); }, "gap.end <= starts[i + 1]"));
  // Neighbours in different nodes.
  GapIndex many;
  for (uint64_t i = 0; i < 1000; ++i) many.add(range(i * 10, i * 10 + 5));
  for (uint64_t i = 0; i < 999; i += 13) {
    CAPTURE(i);
    REQUIRE(dies_with([&] { many.add(range(i * 10 + 6, i * 10 + 11)); }, "gap.end <= "));
  }
}

TEST_CASE("GapIndex: validate sees each broken invariant") {
  GapIndex index;
  for (uint64_t i = 0; i < 40; ++i) index.add(range(i * 10, i * 10 + 5));
  auto& root = GapIndexTestPeer::root(index);
  REQUIRE_FALSE(root.leaf);
  const auto breaks = [&](auto change) {
    return [&index, change] {
      change();
      index.validate();
    };
  };
  auto& first = *root.children[0];
  CHECK(dies_with(breaks([&] { first.starts[1] = {4}; }), "invariant 1"));
  CHECK(dies_with(breaks([&] { first.largest_bytes[1] = 0; }), "invariant 1"));
  CHECK(dies_with(breaks([&] { first.count = 0; }), "invariant 2"));
  CHECK(dies_with(breaks([&] { root.children[1]->count = 16 - first.count; }), "invariant 2"));
  CHECK(dies_with(breaks([&] { root.largest_bytes[0] = 6; }), "invariant 3"));
  CHECK(dies_with(breaks([&] { root.starts[1] = root.starts[1] + 1; }), "invariant 3"));
}

}  // namespace
}  // namespace faultline::mm
