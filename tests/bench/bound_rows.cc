// What no simulator can beat on this machine: reading the records.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

void sum_words(benchmark::State& state) {
  const std::vector<uint64_t> words((std::size_t{512} << 20) / sizeof(uint64_t), 1);
  for (auto _ : state) {
    // Four sums, or the additions would wait for each other and not for memory.
    uint64_t sums[4] = {};
    for (std::size_t i = 0; i < words.size(); i += 4)
      for (std::size_t k = 0; k < 4; ++k) sums[k] += words[i + k];
    benchmark::DoNotOptimize(sums);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(words.size()));
}

constexpr Row kRows[] = {{.what = kSumBound, .body = sum_words, .iterations = 3}};

}  // namespace

std::span<const Row> bound_rows() { return kRows; }

}  // namespace faultline::bench
