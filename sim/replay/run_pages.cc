#include "sim/replay/run_pages.h"

namespace faultline::replay {

NumberedRuns RunPages::number(const PageRunBlock& block) {
  bool some_beyond = false;
  numbers_.assign(block.pages.size(), kBeyond);
  const auto page_of = [&](size_t i) { return shape_.page(block.pages[i]); };
  const auto wants = [&](size_t i) {
    const bool beyond = shape_.beyond_user_space(block.pages[i]);
    some_beyond |= beyond;
    return !beyond;
  };
  pages_.number(block.task.pid, block.pages.size(), page_of, wants,
                [&](size_t i, uint32_t number) { numbers_[i] = number; });
  NumberedRuns numbered{.runs = block.runs, .numbers = numbers_, .pages = pages_.size()};
  if (some_beyond || shape_.shift != kPageRunShift) {
    copy_references(block.runs);
    numbered.runs = copied_;
  } else {
    failed_ = false;
  }
  return numbered;
}

void RunPages::copy_references(std::span<const PageRun> runs) {
  copied_.clear();
  for (const PageRun run : runs) {
    const uint32_t page = numbers_[run.page()];
    const bool begins = run.count() > 0;
    if (begins) failed_ = false;
    failed_ |= page == kBeyond;
    if (failed_ || (!begins && page == top_)) continue;
    top_ = page;
    copied_.push_back(run);
  }
}

}  // namespace faultline::replay
