// The policies that see bits and the time against the plain references on a committed trace, at
// five memory sizes: misses and evictions are the same. FAULTLINE_TRACE names the trace.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/reclaim/policy_table.h"
#include "tests/naive/naive_makers.h"
#include "tests/naive/naive_pagers.h"
#include "tests/reclaim/page_replay.h"
#include "tests/reclaim/trace_runs.h"

namespace faultline::reclaim {
namespace {

using testing::PageReplay;
using testing::Run;
using testing::TraceRuns;

const TraceRuns& trace() {
  static const TraceRuns runs = testing::read_runs(FAULTLINE_TRACE);
  return runs;
}

void compare(const std::string& policy, std::span<const Run> runs) {
  CAPTURE(policy);
  const uint64_t pages = trace().pages;
  for (const uint64_t frames : {pages / 20, pages / 10, pages / 4, pages / 2, pages * 4 / 5}) {
    CAPTURE(frames);
    PageReplay replay(make_policy(policy, {.frames = frames}).value(), frames);
    const auto reference = naive::make_pager(policy, {frames, pages});
    for (const Run& run : runs) {
      replay.refer(run);
      for (uint32_t i = 0; i < run.count; ++i) reference->refer(run.page, run.store);
    }
    replay.policy().validate();
    CHECK(replay.misses() == reference->misses);
    CHECK(replay.evictions() == reference->evictions);
    CHECK(reference->misses > 0);
  }
}

TEST_CASE("policies: those that see bits and the time do as the plain references") {
  for (const std::string policy :
       {"second-chance", "nbit", "nru", "aging", "ws", "wsclock", "pff", "clockpro", "linux"})
    compare(policy, trace().runs);
}

// Short times cost the most: the head of the trace is enough for them.
TEST_CASE("policies: with options of their own they do so in the head of the trace") {
  constexpr size_t kRuns = 500'000;
  for (const std::string policy :
       {"nbit:bits=4", "nru:tick=3000", "aging:tick=3000", "ws:window=100000,tick=7000",
        "wsclock:window=30000", "pff:threshold=1000"})
    compare(policy, std::span(trace().runs).first(kRuns));
}

}  // namespace
}  // namespace faultline::reclaim
