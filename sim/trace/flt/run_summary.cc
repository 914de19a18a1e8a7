#include "sim/trace/flt/run_summary.h"

#include <algorithm>
#include <cstring>

namespace faultline::trace {
namespace {

// Four runs at a time: this is done of every run that is read, beside decompression.
using Words [[gnu::vector_size(16)]] = int32_t;
constexpr std::size_t kWords = sizeof(Words) / sizeof(int32_t);

struct Sums {
  Words counts[4] = {};
  Words page_max = {};
  Words further = {};

  void add(Words words) {
    const Words count = words & static_cast<int32_t>(PageRun::kCountMax);
    const Words kind = words >> static_cast<int>(PageRun::kCountBits) & 3;
    // The arithmetic shift makes pages of the upper half negative.
    const Words page = words >> static_cast<int>(PageRun::kCountBits + PageRun::kKindBits) &
                       static_cast<int32_t>(PageRun::kPagesMax - 1);
    for (int32_t k = 0; k < 4; ++k) counts[k] += count & (kind == k);
    const Words larger = page > page_max;
    page_max = (page & larger) | (page_max & ~larger);
    further -= count == 0;  // -1 where it is
  }
};

uint32_t sum_of(Words words) {
  uint32_t sum = 0;
  for (std::size_t i = 0; i < kWords; ++i) sum += static_cast<uint32_t>(words[i]);
  return sum;
}

}  // namespace

RunSummary summarize(std::span<const PageRun> runs) {
  Sums sums;
  std::size_t i = 0;
  for (; i + kWords <= runs.size(); i += kWords) {
    Words words;
    std::memcpy(&words, &runs[i], sizeof words);
    sums.add(words);
  }
  RunSummary summary;
  for (std::size_t k = 0; k < 4; ++k) summary.counts[k] = sum_of(sums.counts[k]);
  summary.further = sum_of(sums.further);
  for (std::size_t k = 0; k < kWords; ++k)
    summary.page_max = std::max(summary.page_max, static_cast<uint32_t>(sums.page_max[k]));
  for (; i < runs.size(); ++i) {
    summary.counts[static_cast<std::size_t>(runs[i].kind())] += runs[i].count();
    summary.page_max = std::max(summary.page_max, runs[i].page());
    summary.further += runs[i].count() == 0 ? 1 : 0;
  }
  return summary;
}

}  // namespace faultline::trace
