#include "sim/trace/run_expander.h"

#include <algorithm>

#include "sim/base/check.h"

namespace faultline::trace {
namespace {

constexpr std::size_t kAccessesAtOnce = 4096;
constexpr uint64_t kPageBytes = uint64_t{1} << kPageRunShift;

}  // namespace

void RunExpander::begin(std::span<const uint64_t> pages, std::span<const PageRun> runs) {
  FL_CHECK(done());
  pages_ = pages;
  runs_ = runs;
}

std::span<const Access> RunExpander::next() {
  if (accesses_.empty()) accesses_.resize(kAccessesAtOnce);
  std::size_t size = 0;
  while (!done() && size < kAccessesAtOnce) {
    const PageRun run = runs_.front();
    const VirtAddr page{pages_[run.page()] << kPageRunShift};
    const auto count = static_cast<uint32_t>(
        std::min<std::size_t>(run.count() - done_of_run_, kAccessesAtOnce - size));
    std::fill_n(&accesses_[size], count, Access{.address = page, .kind = run.kind()});
    size += count;
    done_of_run_ += count;
    if (done_of_run_ < run.count()) break;
    const std::size_t further = further_pages();
    if (further > 0) {
      Access& last = accesses_[size - 1];
      last.address = page + (kPageBytes - 1);
      last.size_bytes = static_cast<uint32_t>(2 + (further - 1) * kPageBytes);
    }
    runs_ = runs_.subspan(1 + further);
    done_of_run_ = 0;
  }
  return {accesses_.data(), size};
}

// How many the last access of the first run touches.
std::size_t RunExpander::further_pages() const {
  std::size_t further = 0;
  while (1 + further < runs_.size() && runs_[1 + further].count() == 0) ++further;
  return further;
}

}  // namespace faultline::trace
