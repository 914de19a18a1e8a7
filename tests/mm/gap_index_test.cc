#include "sim/mm/gap_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::mm {

struct GapIndexTestPeer {
  static auto& blocks(GapIndex& index) { return index.blocks_; }
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

TEST_CASE("GapIndex: agrees with a scan of all gaps over random changes") {
  base::Prng prng(7);
  GapIndex index;
  std::map<uint64_t, uint64_t> model;  // start -> end, within slots of 16
  for (int step = 0; step < 30000; ++step) {
    const uint64_t slot = prng.below(2000);
    const uint64_t start = slot * 16 + prng.below(4);
    const auto found = model.lower_bound(slot * 16);
    if (found != model.end() && found->first < slot * 16 + 16) {
      index.remove({found->first});
      model.erase(found);
    } else {
      model[start] = start + 1 + prng.below(12);
      index.add(range(start, model[start]));
    }
    if (step % 50 == 0) index.validate();
    const uint64_t size = 1 + prng.below(13);
    const uint64_t low = prng.below(32000);
    const AddrRange window = range(low, low + prng.below(32000));
    std::optional<AddrRange> lowest, highest;
    for (const auto& [from, to] : model) {
      const AddrRange cut =
          range(std::max(from, window.start.value), std::min(to, window.end.value));
      if (cut.empty() || cut.size_bytes() < size) continue;
      if (!lowest) lowest = cut;
      highest = cut;
    }
    REQUIRE(index.find_lowest(size, window) == lowest);
    REQUIRE(index.find_highest(size, window) == highest);
    REQUIRE(index.size() == model.size());
  }
}

TEST_CASE("GapIndex: what is not there cannot be removed, nor two gaps overlap") {
  GapIndex index;
  index.add(range(10, 20));
  CHECK(dies_with([&] { index.remove({11}); }, "place->start == start"));
  CHECK(dies_with([&] { index.add(range(5, 11)); }, "gap.end <= place->start"));
  CHECK(dies_with([&] { index.add(range(19, 30)); }, "->end <= gap.start"));
}

TEST_CASE("GapIndex: validate sees each broken invariant") {
  GapIndex index;
  index.add(range(10, 20));
  auto& blocks = GapIndexTestPeer::blocks(index);
  CHECK(dies_with(
      [&] {
        blocks[0].gaps.push_back(range(15, 16));
        index.validate();
      },
      "invariant 1"));
  CHECK(dies_with(
      [&] {
        blocks.emplace_back();
        index.validate();
      },
      "invariant 2"));
  CHECK(dies_with(
      [&] {
        blocks[0].largest_bytes = 11;
        index.validate();
      },
      "invariant 3"));
}

}  // namespace
}  // namespace faultline::mm
