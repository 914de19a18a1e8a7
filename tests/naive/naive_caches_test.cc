#include "tests/naive/naive_caches.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/naive/naive_makers.h"

namespace faultline::naive {
namespace {

const std::vector<PageNumber> kBelady = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};

// The example of Silberschatz, Galvin and Gagne's Operating System Concepts.
const std::vector<PageNumber> kSilberschatz = {7, 0, 1, 2, 0, 3, 0, 4, 2, 3,
                                               0, 3, 2, 1, 2, 0, 1, 7, 0, 1};

std::uint64_t misses(const std::vector<PageNumber>& pages, const std::string& policy,
                     std::size_t frames) {
  const auto cache = make_cache(policy, {frames, 10});
  for (const PageNumber page : pages) cache->refer(page, 1);
  return cache->misses;
}

std::uint64_t opt_misses(const std::vector<PageNumber>& pages, std::size_t frames) {
  OptCache cache({frames, 10}, pages);
  for (const PageNumber page : pages) cache.refer_next(page, 1);
  return cache.misses;
}

TEST_CASE("textbook reference strings give the textbook misses") {
  CHECK(misses(kBelady, "fifo", 3) == 9);
  CHECK(misses(kBelady, "fifo", 4) == 10);
  CHECK(misses(kBelady, "lru", 3) == 10);
  CHECK(misses(kBelady, "lru", 4) == 8);
  CHECK(opt_misses(kBelady, 3) == 7);
  CHECK(opt_misses(kBelady, 4) == 6);
  CHECK(misses(kSilberschatz, "fifo", 3) == 15);
  CHECK(misses(kSilberschatz, "lru", 3) == 12);
  CHECK(opt_misses(kSilberschatz, 3) == 9);
}

TEST_CASE("every reference of a run but the one that brings the page in is a hit") {
  LfuCache cache({2, 10});
  cache.refer(1, 5);
  cache.refer(2, 1);
  cache.refer(3, 1);
  CHECK(cache.resident[1]);
  CHECK(!cache.resident[2]);
  CHECK(cache.misses == 3);
  CHECK(cache.evictions == 1);
}

// Of 4 frames: kin 1, kout 2. 1 goes to A1out, comes back to Am, and a scan does not drive it out.
TEST_CASE("2q: what comes back while it is remembered stays through a scan") {
  const std::vector<PageNumber> pages = {1, 2, 3, 4, 5, 1, 6, 7, 8, 9, 1};
  CHECK(misses(pages, "2q", 4) == 10);
  CHECK(misses(pages, "lru", 4) == 11);
}

TEST_CASE("arc: pages used twice stay through a scan") {
  const std::vector<PageNumber> pages = {1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 1, 2};
  CHECK(misses(pages, "arc", 4) == 8);
  CHECK(misses(pages, "lru", 4) == 10);
}

// Oldest first, > the hand, ' a set bit:
//   1 2 3, then 1 and 2     1' 2' 3
//   4   the hand clears 1 and 2, 3 goes; at the head it starts again at the tail   >1 2 4
//   5   1 goes                                                                       >2 4 5
//   1   2 goes                                                                       >4 5 1
//   2   4 goes
TEST_CASE("sieve: a page that is used stays where it is") {
  CHECK(misses({1, 2, 3, 1, 2, 4, 1, 2}, "sieve", 3) == 4);
  CHECK(misses({1, 2, 3, 1, 2, 4, 5, 1, 2}, "sieve", 3) == 7);
}

// Of 4 frames one is S. 1 is used twice after it came and goes to M; 2, 3 and 4 go through S.
TEST_CASE("s3fifo: used more than once is needed for M") {
  CHECK(misses({1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1}, "s3fifo", 4) == 8);
  CHECK(misses({1, 1, 2, 3, 4, 5, 6, 7, 8, 1}, "s3fifo", 4) == 9);
}

}  // namespace
}  // namespace faultline::naive
