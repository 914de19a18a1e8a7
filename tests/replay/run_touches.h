// Random page runs, and what accesses they stand for, for the tests of what cuts them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "faultline/page_run.h"
#include "sim/base/prng.h"

namespace faultline::replay {

// One access, with how many further pages it touches.
struct Touch {
  uint32_t page;
  uint32_t further;
  friend bool operator==(const Touch&, const Touch&) = default;
};

inline std::vector<PageRun> random_runs(base::Prng& prng) {
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

inline void add_touches(std::span<const PageRun> runs, std::vector<Touch>& touches) {
  for (const PageRun run : runs) {
    if (run.count() == 0) ++touches.back().further;
    for (uint32_t i = 0; i < run.count(); ++i) touches.push_back({run.page(), 0});
  }
}

}  // namespace faultline::replay
