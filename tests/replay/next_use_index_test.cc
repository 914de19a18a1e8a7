#include "sim/replay/next_use_index.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/prng.h"

namespace faultline::replay {
namespace {

std::unique_ptr<NextUseIndex> make_index() {
  auto index = NextUseIndex::create();
  REQUIRE(index.ok());
  return std::move(*index);
}

TEST_CASE("NextUseIndex: says when the page of each run is used next") {
  const auto index = make_index();
  //   position  1 2 3 4 5 6 7 8 9
  //   page      A A B A C C C B B
  index->note_use(PageId{0}, 1);
  index->note_use(PageId{1}, 3);
  index->note_use(PageId{0}, 4);
  index->note_use(PageId{2}, 5);
  index->note_use(PageId{1}, 8);
  CHECK(!index->known());
  REQUIRE(index->finish().ok());
  CHECK(index->known());
  for (int pass = 0; pass < 2; ++pass) {
    CHECK(index->next_use(1) == 4);
    CHECK(index->next_use(2) == 4);
    CHECK(index->next_use(3) == 8);
    CHECK(index->next_use(4) == NextUses::kNever);
    CHECK(index->next_use(7) == NextUses::kNever);
    CHECK(index->next_use(9) == NextUses::kNever);
    // Two more, each at its own pace.
    const auto one = index->make_reader();
    const auto other = index->make_reader();
    CHECK(one->next_use(3) == 8);
    CHECK(other->next_use(1) == 4);
    CHECK(one->next_use(4) == NextUses::kNever);
    CHECK(other->next_use(3) == 8);
    index->rewind();
  }
  // Not every position need be asked for.
  CHECK(index->next_use(3) == 8);
}

TEST_CASE("NextUseIndex: runs that are told in parts are one") {
  const auto index = make_index();
  for (const uint64_t position : {1U, 2U, 3U}) index->note_use(PageId{7U}, position);
  index->note_use(PageId{8}, 4);
  index->note_use(PageId{7}, 5);
  REQUIRE(index->finish().ok());
  CHECK(index->next_use(1) == 5);
  CHECK(index->next_use(3) == 5);
}

TEST_CASE("NextUseIndex: what has gone for good is not used again under its number") {
  const auto index = make_index();
  index->note_use(PageId{0}, 1);
  index->note_use(PageId{1}, 2);
  index->note_end(PageId{0});
  index->note_use(PageId{0}, 3);
  index->note_end(PageId{5});  // never used
  index->note_use(PageId{1}, 4);
  index->note_use(PageId{0}, 5);
  REQUIRE(index->finish().ok());
  CHECK(index->next_use(1) == NextUses::kNever);
  CHECK(index->next_use(2) == 4);
  CHECK(index->next_use(3) == 5);
  CHECK(index->next_use(4) == NextUses::kNever);
}

TEST_CASE("NextUseIndex: nothing used, nothing known") {
  const auto index = make_index();
  REQUIRE(index->finish().ok());
  CHECK(index->next_use(1) == NextUses::kNever);
}

TEST_CASE("NextUseIndex: over many blocks of its file it says what a plain search says") {
  constexpr uint64_t kRuns = 300'000;
  base::Prng prng(5);
  std::vector<uint32_t> pages(kRuns);
  for (uint32_t& page : pages) page = uint32_t(prng.below(prng.below(5'000) + 1));
  const auto index = make_index();
  for (uint64_t i = 0; i < kRuns; ++i) index->note_use(PageId{pages[i]}, 3 * i + 1);
  REQUIRE(index->finish().ok());
  std::vector<uint64_t> next(5'000, NextUses::kNever);
  std::vector<uint64_t> expected(kRuns);
  for (uint64_t i = kRuns; i-- > 0;) {
    // Runs of one page that meet are one.
    const bool joined = i + 1 < kRuns && pages[i + 1] == pages[i];
    expected[i] = joined ? expected[i + 1] : next[pages[i]];
    next[pages[i]] = 3 * i + 1;
  }
  for (uint64_t i = 0; i < kRuns; ++i) REQUIRE(index->next_use(3 * i + 2) == expected[i]);
}

TEST_CASE("NextUseIndex: where there can be no temporary file it says where") {
  const char* const before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/no/such/folder", 1);
  const auto index = NextUseIndex::create();
  if (before == nullptr) {
    unsetenv("TMPDIR");
  } else {
    setenv("TMPDIR", kept.c_str(), 1);
  }
  REQUIRE(!index.ok());
  CHECK(index.error().to_string() ==
        "/no/such/folder: a temporary file there: No such file or directory");
}

}  // namespace
}  // namespace faultline::replay
