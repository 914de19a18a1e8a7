// RunCutter: hands out a block of page runs in parts of so many accesses: what --skip, --limit and
// --interval need. An access goes with its references to further pages.
//
// Units: accesses. Memory: one block. Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "faultline/page_run.h"

namespace faultline::replay {

// The accesses that `runs` stand for.
uint64_t accesses_of(std::span<const PageRun> runs);

class RunCutter {
 public:
  // `runs` are handed out next, instead of what is left.
  void begin(std::span<const PageRun> runs);
  // The runs of the next `accesses`, or of all that are left. Valid until the next call.
  std::span<const PageRun> take(uint64_t accesses);
  // The accesses that are left.
  uint64_t left() const { return left_; }

 private:
  std::span<const PageRun> rest_;
  uint32_t first_taken_ = 0;  // of the first of rest_: it was parted
  uint64_t left_ = 0;
  std::vector<PageRun> part_;
};

}  // namespace faultline::replay
