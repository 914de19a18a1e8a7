#include "sim/storage/page_ranges.h"

#include <doctest/doctest.h>

#include <string>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::storage {

struct PageRangesTestPeer {
  static void put(PageRanges& ranges, uint64_t first, uint64_t end) { ranges.ends_[first] = end; }
};

namespace {

using testing::dies_with;

std::string picture(const PageRanges& ranges, uint64_t pages) {
  ranges.validate();
  std::string text;
  for (uint64_t pgoff = 0; pgoff < pages; ++pgoff) text += ranges.contains(pgoff) ? '#' : '.';
  return text;
}

TEST_CASE("PageRanges: random changes agree with a string of marks") {
  constexpr uint64_t kPages = 24;
  base::Prng prng(11);
  for (int round = 0; round < 20; ++round) {
    PageRanges ranges;
    std::string model(kPages, '.');
    for (int step = 0; step < 60; ++step) {
      const uint64_t first = prng.below(kPages);
      const uint64_t count = prng.below(6);
      const PageRanges::Range range{first, first + count};
      switch (prng.below(5)) {
        case 0:
        case 1:
          if (range.end > kPages) continue;
          ranges.add(range);
          model.replace(first, count, std::string(count, '#'));
          break;
        case 2:
          ranges.remove(range);
          for (uint64_t i = first; i < range.end && i < kPages; ++i) model[i] = '.';
          break;
        case 3:
          ranges.collapse(range);
          model.erase(first, count).resize(kPages, '.');
          break;
        default:
          ranges.insert(range);
          model.insert(first, std::string(count, '.'));
          ranges.remove({kPages, ~uint64_t{0}});
          model.resize(kPages);
      }
      REQUIRE(picture(ranges, kPages) == model);
    }
  }
}

TEST_CASE("PageRanges: the next range, cut to where one asks") {
  PageRanges ranges;
  ranges.add({3, 6});
  ranges.add({8, 9});
  CHECK(ranges.next_from(0) == PageRanges::Range{3, 6});
  CHECK(ranges.next_from(5) == PageRanges::Range{5, 6});
  CHECK(ranges.next_from(6) == PageRanges::Range{8, 9});
  CHECK_FALSE(ranges.next_from(9).has_value());
}

TEST_CASE("PageRanges: the check sees its invariant broken") {
  PageRanges ranges;
  ranges.add({3, 6});
  SUBCASE("1: empty") { PageRangesTestPeer::put(ranges, 8, 8); }
  SUBCASE("1: touching") { PageRangesTestPeer::put(ranges, 6, 8); }
  CHECK(dies_with([&] { ranges.validate(); }, "is empty, or reaches another"));
}

}  // namespace
}  // namespace faultline::storage
