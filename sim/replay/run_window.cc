#include "sim/replay/run_window.h"

#include <algorithm>

namespace faultline::replay {

PageRunBlock RunWindow::cut(const PageRunBlock& block) {
  uint64_t accesses = 0;
  for (const PageRun run : block.runs) accesses += run.count();
  if (to_skip_ == 0 && accesses <= left_) {
    left_ -= accesses;
    passed_ += accesses;
    return block;
  }
  kept_.clear();
  bool last_kept = false;  // the last access of the run before
  for (const PageRun run : block.runs) {
    const uint64_t count = run.count();
    if (count == 0) {
      if (last_kept) kept_.push_back(run);
      continue;
    }
    const uint64_t skipped = std::min(count, to_skip_);
    to_skip_ -= skipped;
    const uint64_t kept = std::min(count - skipped, left_);
    left_ -= kept;
    passed_ += kept;
    last_kept = kept > 0 && skipped + kept == count;
    if (kept > 0)
      kept_.push_back(PageRun::make(run.page(), run.kind(), static_cast<uint32_t>(kept)));
  }
  return {.pages = block.pages, .runs = kept_, .task = block.task, .call = block.call};
}

}  // namespace faultline::replay
