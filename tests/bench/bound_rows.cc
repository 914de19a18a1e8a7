// What no simulator can beat on this machine: reading the records.

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/bench/rows.h"
#include "tests/bench/trace_file.h"

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

// Byte by byte, in accesses a second.
void sum_file(benchmark::State& state) {
  const TraceFile file;
  std::vector<unsigned char> buffer(std::size_t{256} << 10);
  for (auto _ : state) {
    const int fd = open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    uint64_t sum = 0;
    for (ssize_t size; (size = read(fd, buffer.data(), buffer.size())) > 0;)
      for (ssize_t i = 0; i < size; ++i) sum += buffer[static_cast<std::size_t>(i)];
    close(fd);
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(file.accesses()));
}

constexpr Row kRows[] = {{.what = kSumBound, .body = sum_words, .iterations = 3},
                         {.what = kReadBound, .body = sum_file, .iterations = 2}};

}  // namespace

std::span<const Row> bound_rows() { return kRows; }

}  // namespace faultline::bench
