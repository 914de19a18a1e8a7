// The policies against the plain references on a committed trace, whole, at five memory sizes:
// misses and evictions are the same. FAULTLINE_TRACE names the trace.
#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/reclaim/policy_table.h"
#include "sim/replay/next_use_index.h"
#include "tests/naive/naive_caches.h"
#include "tests/naive/naive_makers.h"
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

// Shares of the pages that there are.
std::vector<uint64_t> sizes() {
  const uint64_t pages = trace().pages;
  return {pages / 20, pages / 10, pages / 4, pages / 2, pages * 4 / 5};
}

std::unique_ptr<replay::NextUseIndex> index_of(const TraceRuns& runs) {
  auto index = replay::NextUseIndex::create();
  REQUIRE(index.ok());
  uint64_t position = 1;
  for (const Run& run : runs.runs) {
    (*index)->note_use(PageId{run.page}, position);
    position += run.count;
  }
  REQUIRE((*index)->finish().ok());
  return std::move(*index);
}

TEST_CASE("policies: misses and evictions are those of the plain references") {
  for (const std::string policy :
       {"lru", "mru", "fifo", "clock", "lfu", "2q", "arc", "lirs", "s3fifo", "sieve"}) {
    CAPTURE(policy);
    for (const uint64_t frames : sizes()) {
      CAPTURE(frames);
      PageReplay replay(make_policy(policy, {.frames = frames}).value(), frames);
      const auto reference = naive::make_cache(policy, {frames, trace().pages});
      for (const Run& run : trace().runs) {
        replay.refer(run);
        reference->refer(run.page, run.count);
      }
      replay.policy().validate();
      CHECK(replay.misses() == reference->misses);
      CHECK(replay.evictions() == reference->evictions);
      CHECK(reference->evictions > 0);
    }
  }
}

TEST_CASE("policies: OPT misses as the plain reference does") {
  std::vector<naive::PageNumber> pages;
  for (const Run& run : trace().runs) pages.push_back(run.page);
  const auto index = index_of(trace());
  for (const uint64_t frames : sizes()) {
    CAPTURE(frames);
    index->rewind();
    PageReplay opt(make_policy("opt", {.frames = frames, .next_uses = index.get()}).value(),
                   frames);
    naive::OptCache reference({frames, trace().pages}, pages);
    for (const Run& run : trace().runs) {
      opt.refer(run);
      reference.refer_next(run.page, run.count);
    }
    opt.policy().validate();
    CHECK(opt.misses() == reference.misses);
    CHECK(opt.evictions() == reference.evictions);
    CHECK(reference.evictions > 0);
  }
}

TEST_CASE("policies: none misses less than OPT in the head of the trace") {
  constexpr size_t kRuns = 300'000;
  const uint64_t frames = sizes()[0];
  TraceRuns head{.runs = {trace().runs.begin(), trace().runs.begin() + kRuns}};
  const auto index = index_of(head);
  PageReplay opt(make_policy("opt", {.frames = frames, .next_uses = index.get()}).value(), frames);
  for (const Run& run : head.runs) opt.refer(run);
  for (const PolicyRow& row : policy_rows()) {
    if (row.name == "opt") continue;
    CAPTURE(row.name);
    PageReplay replay(make_policy(row.name, {.frames = frames}).value(), frames);
    for (const Run& run : head.runs) replay.refer(run);
    replay.policy().validate();
    CHECK(replay.policy().size() == replay.resident_pages());
    CHECK(replay.misses() >= opt.misses());
    CHECK(replay.misses() - replay.evictions() == replay.resident_pages());
  }
}

}  // namespace
}  // namespace faultline::reclaim
