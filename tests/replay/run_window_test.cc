#include "sim/replay/run_window.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "faultline/page_run.h"
#include "sim/base/prng.h"
#include "tests/replay/run_touches.h"

namespace faultline::replay {
namespace {

TEST_CASE("RunWindow: cuts by accesses, wherever runs and blocks end") {
  base::Prng prng(7);
  for (int trial = 0; trial < 3000; ++trial) {
    std::vector<std::vector<PageRun>> blocks(1 + prng.below(4));
    std::vector<Touch> all;
    for (auto& block : blocks) {
      block = random_runs(prng);
      add_touches(block, all);
    }
    const uint64_t skip = prng.below(12);
    const uint64_t limit = prng.below(25);
    RunWindow window(skip, limit);
    std::vector<Touch> kept;
    for (const auto& block : blocks) add_touches(window.cut({.runs = block}).runs, kept);
    const uint64_t first = std::min<uint64_t>(skip, all.size());
    const uint64_t end = std::min<uint64_t>(first + limit, all.size());
    const std::vector<Touch> wanted(all.begin() + int64_t(first), all.begin() + int64_t(end));
    REQUIRE(kept == wanted);
    CHECK(window.passed() == wanted.size());
    CHECK(window.done() == (wanted.size() == limit));
  }
}

}  // namespace
}  // namespace faultline::replay
