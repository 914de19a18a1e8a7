// The policies against the naive reference, reference by reference.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "tests/naive/naive_caches.h"
#include "tests/naive/naive_makers.h"
#include "tests/naive/naive_reference.h"
#include "tests/reclaim/page_replay.h"
#include "tests/reclaim/small_memory.h"

namespace faultline::reclaim {
namespace {

using testing::PageReplay;
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

TEST_CASE("policies: each reference hits or misses as the plain references say, at every size") {
  constexpr uint64_t kPages = 14;
  for (const std::string policy : {"lru", "mru", "fifo", "clock", "second-chance", "nbit:bits=1",
                                   "lfu", "2q", "arc", "lirs", "s3fifo", "sieve"}) {
    CAPTURE(policy);
    const bool is_clock = policy == "second-chance" || policy == "nbit:bits=1";
    for (uint64_t frame_count = 1; frame_count <= kPages + 1; ++frame_count) {
      CAPTURE(frame_count);
      SmallMemory memory(make_policy(policy, {.frames = frame_count}).value(), frame_count);
      const auto reference = naive::make_cache(is_clock ? "clock" : policy, {frame_count, kPages});
      base::Prng prng(frame_count);
      for (uint64_t step = 0; step < 3'000; ++step) {
        const uint64_t page = next_page(prng, step, kPages);
        const uint64_t times = prng.below(4) == 0 ? prng.below(4) + 1 : 1;
        for (uint64_t i = 0; i < times; ++i) REQUIRE(memory.reference(page));
        reference->refer(static_cast<naive::PageNumber>(page), times);
        REQUIRE(memory.misses() == reference->misses);
      }
      CHECK(memory.evicted().size() == reference->evictions);
      CHECK((reference->evictions > 0) == (frame_count < kPages));
    }
  }
}

TEST_CASE("policies: those that see bits and the time, reference by reference, at every size") {
  constexpr uint64_t kPages = 14;
  for (const std::string policy :
       {"second-chance", "nbit", "nbit:bits=3", "nru:tick=40", "aging:tick=20", "ws",
        "ws:window=50,tick=10", "wsclock", "wsclock:window=30", "pff", "pff:threshold=3",
        "clockpro", "linux"}) {
    CAPTURE(policy);
    for (uint64_t frame_count = 1; frame_count <= kPages + 1; ++frame_count) {
      CAPTURE(frame_count);
      PageReplay replay(make_policy(policy, {.frames = frame_count}).value(), frame_count);
      const auto reference = naive::make_pager(policy, {frame_count, kPages});
      base::Prng prng(frame_count);
      for (uint64_t step = 0; step < 2'000; ++step) {
        const auto page = static_cast<uint32_t>(next_page(prng, step, kPages));
        const auto times = static_cast<uint32_t>(prng.below(4) == 0 ? prng.below(4) + 1 : 1);
        const bool store = prng.below(5) == 0;
        replay.refer({page, times, store});
        replay.policy().validate();
        for (uint32_t i = 0; i < times; ++i) reference->refer(page, store);
        CAPTURE(step);
        REQUIRE(replay.misses() == reference->misses);
        REQUIRE(replay.evictions() == reference->evictions);
      }
      CHECK(replay.resident_pages() == reference->count);
    }
  }
}

// Knows the references that will be made.
class Known final : public NextUses {
 public:
  explicit Known(const std::vector<naive::PageNumber>& pages) : pages_(pages) {}
  uint64_t next_use(uint64_t position) override {
    for (uint64_t next = position + 1; next <= pages_.size(); ++next)
      if (pages_[next - 1] == pages_[position - 1]) return next;
    return kNever;
  }

 private:
  const std::vector<naive::PageNumber>& pages_;
};

TEST_CASE("policies: OPT misses as the plain reference says, at every size") {
  constexpr uint64_t kPages = 14;
  std::vector<naive::PageNumber> pages;
  base::Prng prng(3);
  for (uint64_t step = 0; step < 2'000; ++step)
    pages.push_back(static_cast<naive::PageNumber>(next_page(prng, step, kPages)));
  for (uint64_t frame_count = 1; frame_count <= kPages + 1; ++frame_count) {
    CAPTURE(frame_count);
    Known known(pages);
    SmallMemory memory(make_policy("opt", {.frames = frame_count, .next_uses = &known}).value(),
                       frame_count);
    naive::OptCache reference({frame_count, kPages}, pages);
    for (const naive::PageNumber page : pages) {
      REQUIRE(memory.reference(page));
      reference.refer_next(page, 1);
      REQUIRE(memory.misses() == reference.misses);
    }
    CHECK(memory.evicted().size() == reference.evictions);
  }
}

}  // namespace
}  // namespace faultline::reclaim
