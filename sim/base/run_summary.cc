#include "sim/base/run_summary.h"

#include <algorithm>
#include <cstring>

#include "sim/base/vector_clones.h"

namespace faultline::base {
namespace {

// Eight runs at a time: this is done of every run that is read, beside decompression.
using Words [[gnu::vector_size(32)]] = int32_t;
constexpr std::size_t kWords = sizeof(Words) / sizeof(int32_t);

}  // namespace

FL_VECTOR_CLONES RunSummary summarize(std::span<const PageRun> runs) {
  Words counts[4] = {};
  Words page_max = {};
  Words further = {};
  std::size_t i = 0;
  for (; i + kWords <= runs.size(); i += kWords) {
    Words words;
    std::memcpy(&words, &runs[i], sizeof words);
    const Words count = words & static_cast<int32_t>(PageRun::kCountMax);
    const Words kind = words >> static_cast<int>(PageRun::kCountBits) & 3;
    // The arithmetic shift makes pages of the upper half negative.
    const Words page = words >> static_cast<int>(PageRun::kCountBits + PageRun::kKindBits) &
                       static_cast<int32_t>(PageRun::kPagesMax - 1);
    for (int32_t k = 0; k < 4; ++k) counts[k] += count & (kind == k);
    page_max = page > page_max ? page : page_max;
    further -= count == 0;  // -1 where it is
  }
  RunSummary summary;
  for (std::size_t lane = 0; lane < kWords; ++lane) {
    for (std::size_t k = 0; k < 4; ++k) summary.counts[k] += static_cast<uint32_t>(counts[k][lane]);
    summary.further += static_cast<uint32_t>(further[lane]);
    summary.page_max = std::max(summary.page_max, static_cast<uint32_t>(page_max[lane]));
  }
  for (; i < runs.size(); ++i) {
    summary.counts[static_cast<std::size_t>(runs[i].kind())] += runs[i].count();
    summary.page_max = std::max(summary.page_max, runs[i].page());
    summary.further += runs[i].count() == 0 ? 1 : 0;
  }
  return summary;
}

}  // namespace faultline::base
