// What no simulator can beat on this machine: reading the records.

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/prng.h"
#include "tests/bench/packed_trace.h"
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
  const TraceFile& file = TraceFile::get();
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

// What memory leaves to a replacement that misses at random: for each reference the word of its
// page, and that of one which was referenced long before, among as many as kRandom has pages; both
// are known, and fetched, ahead.
void touch_words(benchmark::State& state) {
  constexpr size_t kReferences = 8 << 20;
  constexpr size_t kBefore = 87'381;  // so many references bring 65,536 pages in
  constexpr size_t kAhead = 16;
  base::Prng prng(1);
  std::vector<uint32_t> pages(kBefore + kReferences + kAhead);
  for (uint32_t& page : pages) page = static_cast<uint32_t>(prng.below(kRandom.pages));
  std::vector<uint64_t> words(kRandom.pages);
  for (auto _ : state) {
    for (size_t i = kBefore; i < kBefore + kReferences; ++i) {
      __builtin_prefetch(&words[pages[i + kAhead]], 1);
      __builtin_prefetch(&words[pages[i - kBefore + kAhead]], 1);
      words[pages[i]] += i;
      words[pages[i - kBefore]] ^= i;
    }
    benchmark::DoNotOptimize(words.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kReferences));
}

constexpr Row kRows[] = {
    {.what = kSumBound, .body = sum_words, .iterations = 3},
    {.what = kReadBound, .body = sum_file, .iterations = 2},
    {.what = "two of 262,144 words a reference, at random", .body = touch_words}};

}  // namespace

std::span<const Row> bound_rows() { return kRows; }

}  // namespace faultline::bench
