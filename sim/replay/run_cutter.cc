#include "sim/replay/run_cutter.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace faultline::replay {

// Four at a time: this is asked of every block, several times.
uint64_t accesses_of(std::span<const PageRun> runs) {
  using Words [[gnu::vector_size(16)]] = uint32_t;
  constexpr size_t kWords = 4;
  // What a field of the sum can hold.
  constexpr size_t kRunsMax = size_t{kWords} << (32 - PageRun::kCountBits);
  uint64_t accesses = 0;
  while (runs.size() >= kWords) {
    const auto some = runs.first(std::min(kRunsMax, runs.size() / kWords * kWords));
    runs = runs.subspan(some.size());
    Words sum{};
    for (size_t i = 0; i < some.size(); i += kWords) {
      Words words;
      std::memcpy(&words, &some[i], sizeof words);
      sum += words & PageRun::kCountMax;
    }
    for (size_t i = 0; i < kWords; ++i) accesses += sum[i];
  }
  for (const PageRun run : runs) accesses += run.count();
  return accesses;
}

void RunCutter::begin(std::span<const PageRun> runs) {
  rest_ = runs;
  first_taken_ = 0;
  left_ = accesses_of(runs);
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
