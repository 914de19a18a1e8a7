#include "sim/replay/run_pages.h"

#include <algorithm>

#include "sim/base/check.h"

namespace faultline::replay {

NumberedRuns RunPages::number(const PageRunBlock& block) {
  const bool numbered =
      (block.by_number || !block.numbers.empty()) && shape_.shift == kPageRunShift;
  FL_CHECK(numbered || !block.by_number);
  if (!block.by_number) numbers_.assign(block.pages.size(), kBeyond);
  const bool some_beyond = numbered ? take_numbers(block) : find_numbers(block);
  NumberedRuns runs{.runs = block.runs, .pages = pages_, .distinct = distinct_};
  if (!block.by_number) runs.numbers = numbers_;
  if (some_beyond || shape_.shift != kPageRunShift) {
    copy_references(block.runs);
    runs.runs = copied_;
  } else {
    failed_ = false;
  }
  return runs;
}

// Whether some pages are beyond user space; here and below.
bool RunPages::find_numbers(const PageRunBlock& block) {
  bool some_beyond = false;
  const auto wants = [&](size_t i) {
    const bool beyond = shape_.beyond_user_space(block.pages[i]);
    some_beyond |= beyond;
    return !beyond;
  };
  own_.number(
      block.task.pid, block.pages.size(), [&](size_t i) { return shape_.page(block.pages[i]); },
      wants, [&](size_t i, uint32_t number) { numbers_[i] = number; });
  pages_ = distinct_ = own_.size();
  return some_beyond;
}

bool RunPages::take_numbers(const PageRunBlock& block) {
  const bool some_beyond = std::ranges::any_of(
      block.pages, [this](uint64_t page) { return shape_.beyond_user_space(page); });
  if (!block.by_number) {
    for (size_t i = 0; i < block.pages.size(); ++i)
      if (!shape_.beyond_user_space(block.pages[i])) numbers_[i] = block.numbers[i];
  }
  if (block.numbers.empty()) return some_beyond;
  const uint64_t known = pages_;
  pages_ = std::max(known, std::ranges::max(block.numbers) + uint64_t{1});
  if (pages_ == known) return some_beyond;
  for (size_t i = 0; i < block.pages.size(); ++i)
    distinct_ += block.numbers[i] >= known && !shape_.beyond_user_space(block.pages[i]) ? 1 : 0;
  return some_beyond;
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
