#include "sim/replay/run_window.h"

#include <algorithm>

namespace faultline::replay {

PageRunBlock RunWindow::cut(const PageRunBlock& block) {
  cutter_.begin(block.runs);
  const uint64_t skipped = std::min(to_skip_, cutter_.left());
  if (skipped > 0) cutter_.take(skipped);
  to_skip_ -= skipped;
  const uint64_t kept = std::min(left_, cutter_.left());
  left_ -= kept;
  passed_ += kept;
  PageRunBlock part = block;
  part.runs = cutter_.take(kept);
  return part;
}

bool RunWindow::pass(uint64_t accesses) {
  if (to_skip_ > 0 || accesses > left_) return false;
  left_ -= accesses;
  passed_ += accesses;
  return true;
}

}  // namespace faultline::replay
