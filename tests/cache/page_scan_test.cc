#include "sim/cache/page_scan.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "tests/cache/cached_machine.h"

namespace faultline::cache {
namespace {

using testing::CachedMachine;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kBeforeAll = ~uint64_t{0};

// A file of which some pages are cached: folios of so many pages, from the first page on that such
// a folio can begin at; a negative number is a hole in the cache.
struct CachedFile {
  explicit CachedFile(const std::vector<int64_t>& folios) {
    uint64_t pgoff = 0;
    for (const int64_t pages : folios) {
      const auto count = static_cast<uint64_t>(pages < 0 ? -pages : pages);
      if (pages > 0) m.write(*backing, {pgoff * kPage, count * kPage}, 1);
      pgoff += count;
    }
    m.validate();
  }

  CachedMachine m{{.frame_count = 20000}};
  std::shared_ptr<Backing> backing = m.create("/a", 0);
};

TEST_CASE("page scan: with folios of one page the answer is the true one") {
  constexpr uint64_t kPages = 300;
  base::Prng prng(1);
  for (int round = 0; round < 20; ++round) {
    CachedMachine m;
    const auto backing = m.create("/a", kPages * kPage);
    std::vector<bool> cached(kPages);
    // From hardly any page to all of them.
    for (uint64_t pgoff = 0; pgoff < kPages; ++pgoff) {
      cached[pgoff] = prng.below(19) < static_cast<uint64_t>(round);
      if (cached[pgoff]) m.get(*backing, pgoff);
    }
    for (uint64_t pgoff = 0; pgoff < kPages; ++pgoff) {
      const uint64_t count = 1 + prng.below(200);
      uint64_t before = pgoff;
      while (before != kBeforeAll && cached[before] && pgoff - before + 1 < count) --before;
      CHECK(previous_miss(*backing, pgoff, count) == before);
      uint64_t behind = pgoff;
      while (behind < pgoff + count && behind < kPages && cached[behind]) ++behind;
      CHECK(next_miss(*backing, pgoff, count) == behind);
    }
  }
}

TEST_CASE("page scan: nothing is looked at where nothing is wanted") {
  const CachedFile file({1, 1, 1});
  CHECK(previous_miss(*file.backing, 2, 0) == 2);
  CHECK(next_miss(*file.backing, 0, 0) == 0);
}

struct Row {
  std::string what;
  std::vector<int64_t> folios;
  uint64_t pgoff;
  uint64_t miss;
};

// Rows that say "asked" are what read-ahead of Linux 6.18 showed (tests/scenarios/linux/d13-*).
TEST_CASE("page scan: backwards from within a large folio it looks from the folio's start") {
  const std::vector<int64_t> sixteens(8, 16);
  for (const Row& row :
       {Row{"asked: as if nothing were before the page", {8}, 7, 6},
        Row{"from the folio's start nothing is wrong", {8}, 0, kBeforeAll},
        Row{"on through the folio before", {8, 8}, 15, 6},
        Row{"no further than the slot before", {-8, 8}, 15, 14},
        Row{"three pages too soon at the start of the file", {1, 1, 1, 1, 4}, 7, 2},
        Row{"asked: in the node before it looks in the right slot again", sixteens, 127, 63},
        Row{"asked: above a leaf the slot serves all 64", {64, 64}, 127, kBeforeAll},
        Row{"as far as that node has something", {-64, 64}, 127, 63},
        Row{"asked: of two slots above a leaf, from the first", {128}, 127, 126},
        Row{"which serves the pages that are its own", {128}, 60, kBeforeAll},
        Row{"a slot a page, until none is left", {64, 64, 128}, 255, 252},
        Row{"out of a node above into a leaf", {-64, 32, 32, 64}, 191, 63}}) {
    CAPTURE(row.what);
    const CachedFile file(row.folios);
    CHECK(previous_miss(*file.backing, row.pgoff, 1000) == row.miss);
  }
}

TEST_CASE("page scan: forwards from within a large folio it looks from the folio's start") {
  const std::vector<int64_t> sixteens(4, 16);
  for (const Row& row :
       {Row{"from the folio's start nothing is wrong", {8}, 0, 8},
        Row{"the rest of its slots still lie ahead", {8}, 3, 11},
        Row{"and those of the next folio", {8, 8}, 3, 19},
        Row{"to the end of the node, and there is none behind", sixteens, 3, 67},
        Row{"in the next node it looks in the right slot again", {16, 16, 16, 16, 8}, 3, 72},
        Row{"above a leaf the slot serves all 64", {64}, 3, 64},
        Row{"and the next node is entered by the page", {64, 4}, 3, 68},
        Row{"of two slots above a leaf the first is left at once", {128}, 70, 128}}) {
    CAPTURE(row.what);
    const CachedFile file(row.folios);
    CHECK(next_miss(*file.backing, row.pgoff, 1000) == row.miss);
  }
}

TEST_CASE("page scan: it goes through nodes of nodes") {
  const CachedFile file(std::vector<int64_t>(10, 512));
  CHECK(previous_miss(*file.backing, 9 * 512, 20000) == kBeforeAll);
  CHECK(next_miss(*file.backing, 0, 20000) == 10 * 512);
  CHECK(next_miss(*file.backing, 0, 1000) == 1000);
  CHECK(previous_miss(*file.backing, 9 * 512, 1000) == 9 * 512 - 999);
}

}  // namespace
}  // namespace faultline::cache
