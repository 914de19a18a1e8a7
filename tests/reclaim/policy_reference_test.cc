// The policies against the naive reference, reference by reference.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "tests/naive/naive_reference.h"
#include "tests/reclaim/small_memory.h"

namespace faultline::reclaim {
namespace {

using testing::SmallMemory;

// Uniform, skewed, sequential: each meets the policies in another state.
uint64_t next_page(base::Prng& prng, uint64_t step, uint64_t pages) {
  switch (step / 64 % 3) {
    case 0:
      return prng.below(pages);
    case 1:
      return prng.below(prng.below(pages) + 1);
    default:
      return step % pages;
  }
}

TEST_CASE("policies: each reference hits or misses as the naive reference says, at every size") {
  constexpr uint64_t kPages = 14;
  for (const std::string policy : {"lru", "fifo", "clock", "clock:enter=1", "clock:enter=0"}) {
    CAPTURE(policy);
    for (uint64_t frame_count = 1; frame_count <= kPages + 1; ++frame_count) {
      CAPTURE(frame_count);
      SmallMemory memory(make_policy(policy).value(), frame_count);
      naive::Memory reference{naive::make_policy(policy), frame_count};
      base::Prng prng(frame_count);
      for (uint64_t step = 0; step < 3'000; ++step) {
        const uint64_t page = next_page(prng, step, kPages);
        REQUIRE(memory.reference(page));
        reference.refer(page, false);
        REQUIRE(memory.misses() == reference.counts.misses);
      }
      CHECK(memory.evicted().size() == reference.counts.evictions);
      CHECK((reference.counts.evictions > 0) == (frame_count < kPages));
    }
  }
}

TEST_CASE("policies: every row of the table has its naive reference") {
  for (const PolicyRow& row : policy_rows())
    CHECK(naive::make_policy(std::string(row.name)) != nullptr);
}

}  // namespace
}  // namespace faultline::reclaim
