#include "sim/replay/run_cutter.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "faultline/page_run.h"
#include "sim/base/prng.h"
#include "tests/replay/run_touches.h"

namespace faultline::replay {
namespace {

TEST_CASE("RunCutter: parts are as long as asked for, and together they are the block") {
  base::Prng prng(7);
  RunCutter cutter;
  for (int trial = 0; trial < 3000; ++trial) {
    const std::vector<PageRun> runs = random_runs(prng);
    std::vector<Touch> all;
    add_touches(runs, all);
    cutter.begin(runs);
    std::vector<Touch> joined;
    while (cutter.left() > 0) {
      const uint64_t left = cutter.left();
      const uint64_t wanted = prng.below(6);
      std::vector<Touch> part;
      add_touches(cutter.take(wanted), part);
      REQUIRE(part.size() == std::min(wanted, left));
      REQUIRE(cutter.left() == left - part.size());
      joined.insert(joined.end(), part.begin(), part.end());
    }
    REQUIRE(joined == all);
    CHECK(cutter.take(1).empty());
  }
}

TEST_CASE("accesses_of: blocks of every length, and counts that are as large as can be") {
  base::Prng prng(8);
  for (size_t size = 0; size < 40; ++size) {
    std::vector<PageRun> runs;
    uint64_t accesses = 0;
    for (size_t i = 0; i < size; ++i) {
      const auto count = static_cast<uint32_t>(prng.below(PageRun::kCountMax + 1));
      runs.push_back(PageRun::make(PageRun::kPagesMax - 1, AccessKind::kModify, count));
      accesses += count;
    }
    CHECK(accesses_of(runs) == accesses);
  }
  const std::vector<PageRun> many(
      (4 << 22) + 5,
      PageRun::make(PageRun::kPagesMax - 1, AccessKind::kModify, PageRun::kCountMax));
  CHECK(accesses_of(many) == many.size() * PageRun::kCountMax);
}

TEST_CASE("RunCutter: what is left of a block goes when the next begins") {
  const std::vector<PageRun> runs = {PageRun::make(0, AccessKind::kLoad, 5)};
  RunCutter cutter;
  cutter.begin(runs);
  CHECK(cutter.take(2).size() == 1);
  cutter.begin(runs);
  CHECK(cutter.left() == 5);
  CHECK(cutter.take(5).front().count() == 5);
}

}  // namespace
}  // namespace faultline::replay
