#include "sim/reclaim/page_numbers.h"

#include <doctest/doctest.h>

#include "tests/support/death.h"

namespace faultline::reclaim {
namespace {

using cache::PageKey;
using testing::dies_with;

constexpr PageKey anon(uint64_t vpn, uint16_t asid = 1) {
  return PageKey::of_anon(Asid{asid}, Vpn{vpn});
}

TEST_CASE("PageNumbers: numbers are dense, and a page that comes back has its own again") {
  PageNumbers numbers;
  for (uint32_t i = 0; i < 5'000; ++i) {
    REQUIRE(numbers.find_or_make(anon(i * 7)) == PageId{i});
    numbers.on_insert(Pfn{1}, PageId{i});
    numbers.on_remove(Pfn{1});
  }
  for (uint32_t i = 0; i < 5'000; ++i) REQUIRE(numbers.find_or_make(anon(i * 7)) == PageId{i});
  numbers.validate();
}

TEST_CASE("PageNumbers: address spaces, files and pages are told apart") {
  PageNumbers numbers;
  CHECK(numbers.find_or_make(anon(1, 1)) == PageId{0});
  CHECK(numbers.find_or_make(anon(1, 2)) == PageId{1});
  CHECK(numbers.find_or_make(PageKey::of_file(1, 1)) == PageId{2});
  CHECK(numbers.find_or_make(PageKey::of_file(2, 1)) == PageId{3});
  CHECK(numbers.find_or_make(PageKey::of_file(1, 2)) == PageId{4});
  CHECK(numbers.find_or_make(PageKey::of_file(1, 1)) == PageId{2});
}

// The parent's copy after fork(): what is in memory under its name is the child's.
TEST_CASE("PageNumbers: a page whose name another frame has gets a number of its own") {
  PageNumbers numbers;
  const PageId shared = numbers.find_or_make(anon(5));
  numbers.on_insert(Pfn{1}, shared);
  const PageId copy = numbers.find_or_make(anon(5));
  CHECK(copy != shared);
  numbers.on_insert(Pfn{2}, copy);
  numbers.validate();
  CHECK(numbers.page_in(Pfn{1}) == shared);
  CHECK(numbers.page_in(Pfn{2}) == copy);
  // The copy keeps the name; the old number goes to the next page that is new.
  numbers.on_remove(Pfn{2});
  CHECK(numbers.find_or_make(anon(5)) == copy);
  numbers.on_remove(Pfn{1});
  CHECK(numbers.find_or_make(anon(6)) == shared);
  numbers.validate();
}

TEST_CASE("PageNumbers: a stray number comes back when its frame is free") {
  PageNumbers numbers;
  const PageId stray = numbers.make_stray();
  numbers.on_insert(Pfn{3}, stray);
  CHECK(numbers.make_stray() != stray);
  numbers.on_remove(Pfn{3});
  CHECK(numbers.make_stray() == stray);
}

TEST_CASE("PageNumbers: a number is in one frame, a frame has one") {
  PageNumbers numbers;
  const PageId page = numbers.find_or_make(anon(5));
  numbers.on_insert(Pfn{1}, page);
  CHECK(dies_with([&] { numbers.on_insert(Pfn{2}, page); }, "check failed"));
  numbers.on_remove(Pfn{1});
  CHECK(dies_with([&] { numbers.on_remove(Pfn{1}); }, "check failed"));
}

}  // namespace
}  // namespace faultline::reclaim
