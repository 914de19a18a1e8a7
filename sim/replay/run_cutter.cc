#include "sim/replay/run_cutter.h"

#include <algorithm>

namespace faultline::replay {

void RunCutter::begin(std::span<const PageRun> runs) {
  rest_ = runs;
  first_taken_ = 0;
  left_ = 0;
  for (const PageRun run : runs) left_ += run.count();
}

std::span<const PageRun> RunCutter::take(uint64_t accesses) {
  accesses = std::min(accesses, left_);
  if (accesses == left_ && first_taken_ == 0) {
    left_ = 0;
    return std::exchange(rest_, {});
  }
  left_ -= accesses;
  part_.clear();
  size_t at = 0;
  while (at < rest_.size()) {
    const PageRun run = rest_[at];
    const uint32_t there = run.count() - first_taken_;
    // References to further pages come with the access before them, if all of it was taken.
    if (run.count() == 0) {
      part_.push_back(run);
    } else if (accesses == 0) {
      break;
    } else {
      const auto taken = static_cast<uint32_t>(std::min<uint64_t>(accesses, there));
      part_.push_back(PageRun::make(run.page(), run.kind(), taken));
      accesses -= taken;
      first_taken_ = taken == there ? 0 : first_taken_ + taken;
      if (first_taken_ != 0) break;
    }
    ++at;
  }
  rest_ = rest_.subspan(at);
  return part_;
}

}  // namespace faultline::replay
