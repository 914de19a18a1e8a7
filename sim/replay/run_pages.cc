#include "sim/replay/run_pages.h"

namespace faultline::replay {
NumberedRuns RunPages::number(const PageRunBlock& block) {
  Process& process = processes_.try_emplace(block.task.pid, shape_).first->second;
  bool some_beyond = false;
  numbers_.clear();
  const auto page_of = [&](size_t i) { return shape_.page(block.pages[i]); };
  for (size_t i = 0; i < block.pages.size(); ++i) {
    const uint32_t soon = process.ids.fetch_ahead(i, block.pages.size(), page_of);
    if (soon < process.numbers.size()) __builtin_prefetch(&process.numbers[soon]);
    const bool beyond = shape_.beyond_user_space(block.pages[i]);
    some_beyond |= beyond;
    numbers_.push_back(beyond ? kBeyond : number_of(process, page_of(i)));
  }
  NumberedRuns numbered{.runs = block.runs, .numbers = numbers_, .pages = pages_};
  if (some_beyond || shape_.shift != kPageRunShift) {
    copy_references(block.runs);
    numbered.runs = copied_;
  } else {
    failed_ = false;
  }
  return numbered;
}

uint32_t RunPages::number_of(Process& process, uint64_t page) {
  const uint32_t own = process.ids.get(page);
  if (own == process.numbers.size()) process.numbers.push_back(pages_++);
  return process.numbers[own];
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
