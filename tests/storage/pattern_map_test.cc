#include "sim/storage/pattern_map.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/death.h"

namespace faultline::storage {

struct PatternMapTestPeer {
  static void add_extent(PatternMap& map, uint64_t first, uint64_t length_bytes) {
    map.extents_[first] = {.source_bytes = 0, .length_bytes = length_bytes};
  }
};

namespace {

using testing::dies_with;

// Page by page: '#' where the pattern is.
std::string picture(const PatternMap& map, uint64_t pages) {
  map.validate();
  std::string text;
  for (uint64_t pgoff = 0; pgoff < pages; ++pgoff) text += map.has(pgoff) ? '#' : '.';
  return text;
}

TEST_CASE("PatternMap: pages are cut, punched and moved") {
  PatternMap map(PageSize{12});
  CHECK(picture(map, 3) == "...");
  CHECK(map.end_bytes() == 0);
  map.fill(5 * 4096 + 10, 3);
  CHECK(picture(map, 7) == "######.");
  map.punch(1, 2);
  CHECK(picture(map, 7) == "#..###.");
  CHECK(map.first_from(1) == 3);
  map.insert(4, 2);
  CHECK(picture(map, 9) == "#..#..##.");
  CHECK(map.end_bytes() == 7 * 4096 + 10);
  map.collapse(1, 1);
  CHECK(picture(map, 9) == "#.#..##..");
  map.cut(5 * 4096 + 1);
  CHECK(picture(map, 9) == "#.#..#...");
  CHECK(map.end_bytes() == 5 * 4096 + 1);
  map.punch(2, ~uint64_t{0});
  CHECK(picture(map, 9) == "#........");
  CHECK(map.first_from(1) == std::nullopt);
}

TEST_CASE("PatternMap: a page that moved keeps its bytes, and a cut one is zeros behind the cut") {
  PatternMap map(PageSize{12});
  map.fill(4 * 4096, 9);
  std::vector<std::byte> before(4096);
  map.read(3, before);
  map.collapse(0, 2);
  std::vector<std::byte> after(4096, std::byte{0xee});
  map.read(1, after);
  CHECK((before == after));
  map.cut(4096 + 100);
  map.read(1, after);
  CHECK(after[99] == before[99]);
  CHECK(after[100] == std::byte{0});
}

TEST_CASE("PatternMap: the check sees its invariant broken") {
  PatternMap map(PageSize{12});
  map.fill(4096, 0);
  SUBCASE("1: an empty extent") { PatternMapTestPeer::add_extent(map, 2, 0); }
  SUBCASE("1: an extent in another") {
    map.fill(8192, 0);
    PatternMapTestPeer::add_extent(map, 1, 5);
  }
  CHECK(dies_with([&] { map.validate(); }, "is empty or lies twice there"));
}

}  // namespace
}  // namespace faultline::storage
