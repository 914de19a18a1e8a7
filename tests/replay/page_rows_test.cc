// PageRows against a list in the order of use.
#include "sim/replay/page_rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <list>
#include <vector>

#include "sim/base/prng.h"

namespace faultline::replay {
namespace {

std::vector<uint32_t> pages_of(const PageRows& rows, size_t row) {
  std::vector<uint32_t> pages;
  for (const uint32_t page : rows.row(row))
    if (page != PageRows::kNobody) pages.push_back(page);
  return pages;
}

template <size_t kWays>
void check_known_ways() {
  CAPTURE(kWays);
  PageRows rows(2, kWays);
  PageRows known(2, kWays);
  base::Prng prng(kWays);
  for (int i = 0; i < 1'000; ++i) {
    const size_t row = prng.below(2);
    const auto page = static_cast<uint32_t>(prng.below(2 * kWays));
    const bool there = base::bits_of(rows.find(row, page)) != 0;
    REQUIRE((base::bits_of(known.find<kWays>(row, page)) != 0) == there);
    if (there) {
      rows.use(row, page);
      REQUIRE(known.use<kWays>(row, page));
    } else {
      rows.add(row, page);
      known.add<kWays>(row, page);
    }
    REQUIRE(pages_of(known, row) == pages_of(rows, row));
  }
}

TEST_CASE("PageRows: the same where the compiler knows the ways") {
  check_known_ways<4>();
  check_known_ways<8>();
  check_known_ways<12>();
  check_known_ways<20>();
}

TEST_CASE("PageRows: each row in the order of use, whatever its ways") {
  constexpr size_t kRows = 3;
  for (size_t ways = 1; ways <= 50; ++ways) {
    CAPTURE(ways);
    PageRows rows(kRows, ways);
    std::vector<std::list<uint32_t>> expected(kRows);
    base::Prng prng(ways);
    for (int i = 0; i < 3'000; ++i) {
      const size_t row = prng.below(kRows);
      std::list<uint32_t>& list = expected[row];
      const auto page = static_cast<uint32_t>(prng.below(2 * ways));
      const auto found = std::ranges::find(list, page);
      const bool there = found != list.end();
      if (there) list.erase(found);
      REQUIRE((base::bits_of(rows.find(row, page)) != 0) == there);
      if (prng.below(5) == 0) {
        rows.remove(row, page);
      } else {
        if (there || prng.below(2) == 0)
          REQUIRE(rows.use(row, page) == there);
        else
          rows.add(row, page);
        list.push_front(page);
        if (list.size() > ways) list.pop_back();
      }
      REQUIRE(pages_of(rows, row) == std::vector(list.begin(), list.end()));
    }
    rows.set_row(1, std::vector<uint32_t>{7});
    CHECK(pages_of(rows, 1) == std::vector<uint32_t>{7});
    CHECK(pages_of(rows, 0) == std::vector(expected[0].begin(), expected[0].end()));
    CHECK(pages_of(rows, 2) == std::vector(expected[2].begin(), expected[2].end()));
  }
}

}  // namespace
}  // namespace faultline::replay
