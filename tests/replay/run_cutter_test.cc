#include "sim/replay/run_cutter.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "faultline/page_run.h"
#include "sim/base/prng.h"

namespace faultline::replay {
namespace {

// One access, with how many further pages it touches.
struct Touch {
  uint32_t page;
  uint32_t further;
  friend bool operator==(const Touch&, const Touch&) = default;
};

std::vector<PageRun> random_runs(base::Prng& prng) {
  std::vector<PageRun> runs;
  for (uint64_t i = 1 + prng.below(5); i > 0; --i) {
    const auto page = static_cast<uint32_t>(prng.below(4));
    runs.push_back(
        PageRun::make(page, AccessKind::kLoad, 1 + static_cast<uint32_t>(prng.below(4))));
    for (uint64_t k = prng.below(6) == 0 ? prng.below(3) : 0; k > 0; --k)
      runs.push_back(PageRun::make(page + 1, AccessKind::kLoad, 0));
  }
  return runs;
}

void add_touches(std::span<const PageRun> runs, std::vector<Touch>& touches) {
  for (const PageRun run : runs) {
    if (run.count() == 0) ++touches.back().further;
    for (uint32_t i = 0; i < run.count(); ++i) touches.push_back({run.page(), 0});
  }
}

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
