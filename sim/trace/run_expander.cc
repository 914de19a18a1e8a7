#include "sim/trace/run_expander.h"

#include <algorithm>

#include "sim/base/check.h"

namespace faultline::trace {
namespace {

constexpr std::size_t kAccessesAtOnce = 4096;
constexpr std::size_t kUnasked = 4;
constexpr uint64_t kPageBytes = uint64_t{1} << kPageRunShift;

// From the last byte of its page to the first byte of the last of the further ones.
void make_straddling(Access& access, std::size_t further) {
  access.address = access.address + (kPageBytes - 1);
  access.size_bytes = static_cast<uint32_t>(2 + (further - 1) * kPageBytes);
}

}  // namespace

void RunExpander::begin(std::span<const uint64_t> pages, std::span<const PageRun> runs) {
  FL_CHECK(done());
  pages_ = pages;
  runs_ = runs;
}

std::span<const Access> RunExpander::next() {
  if (accesses_.empty()) accesses_.resize(kAccessesAtOnce + kUnasked);
  std::size_t size = 0;
  std::size_t i = 0;
  while (i < runs_.size() && size < kAccessesAtOnce) {
    const PageRun run = runs_[i];
    const Access access{.address = {pages_[run.page()] << kPageRunShift}, .kind = run.kind()};
    const auto count = static_cast<uint32_t>(
        std::min<std::size_t>(run.count() - done_of_run_, kAccessesAtOnce - size));
    // Most runs are short: these cost no branch.
    std::fill_n(&accesses_[size], kUnasked, access);
    if (count > kUnasked) std::fill_n(&accesses_[size + kUnasked], count - kUnasked, access);
    size += count;
    done_of_run_ += count;
    if (done_of_run_ < run.count()) break;
    done_of_run_ = 0;
    ++i;
    std::size_t further = 0;
    while (i < runs_.size() && runs_[i].count() == 0) ++i, ++further;
    if (further > 0) make_straddling(accesses_[size - 1], further);
  }
  runs_ = runs_.subspan(i);
  return {accesses_.data(), size};
}

}  // namespace faultline::trace
