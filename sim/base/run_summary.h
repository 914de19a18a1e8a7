// What is counted of page runs to write, check or replay them, in one pass.
//
// Threads: pure; any thread may use it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "faultline/page_run.h"

namespace faultline::base {

struct RunSummary {
  std::array<uint32_t, 4> counts{};  // of accesses, by AccessKind
  uint32_t page_max = 0;             // the largest index of a page
  uint32_t further = 0;              // runs of no access
};

// REQUIRES: no more than 65,536 runs, so that no count overflows.
RunSummary summarize(std::span<const PageRun> runs);

}  // namespace faultline::base
