#include "sim/replay/run_window.h"

#include <doctest/doctest.h>

#include <cstdint>
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
