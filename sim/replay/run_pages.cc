#include "sim/replay/run_pages.h"

namespace faultline::replay {
namespace {

// Of the key of a page, below the number of its process.
constexpr unsigned kPageBits = 48;

}  // namespace

NumberedRuns RunPages::number(const PageRunBlock& block) {
  const uint64_t process = processes_.try_emplace(block.task.pid, processes_.size()).first->second;
  bool some_beyond = false;
  numbers_.clear();
  for (const uint64_t page : block.pages) {
    const bool beyond = shape_.beyond_user_space(page);
    some_beyond |= beyond;
    numbers_.push_back(beyond ? kBeyond : ids_.get(shape_.page(page) | process << kPageBits));
  }
  NumberedRuns numbered{.runs = block.runs, .numbers = numbers_, .pages = ids_.size()};
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
