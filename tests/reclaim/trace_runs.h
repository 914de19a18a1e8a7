// The committed traces as runs of references to pages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/reclaim/page_replay.h"

namespace faultline::testing {

struct TraceRuns {
  std::vector<Run> runs;
  uint32_t pages = 0;
};

// All of the trace, or with AddressSanitizer, which tells no more of the rest, about its first
// million accesses; pages are numbered as they come, an access that straddles two refers to both.
// From its first store on, a row of references to one page counts as stores.
TraceRuns read_runs(const std::string& file);

}  // namespace faultline::testing
