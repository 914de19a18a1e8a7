// Exact miss-ratio curves: the stack distances of page runs in memory, for every kind of processor
// that this one can play, and the whole way from the text of a trace.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "faultline/mrc.h"
#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/replay/page_ids.h"
#include "sim/replay/stack_distances.h"
#include "tests/bench/rows.h"
#include "tests/bench/trace_file.h"

namespace faultline::bench {
namespace {

// A string of references, each to another page than the one before.
struct References {
  std::vector<uint32_t> pages{};
  uint64_t distinct = 0;
  uint64_t accesses = 0;  // that they stand for
};

References real_references() {
  const TraceFile& file = TraceFile::get();
  const auto reader = open_trace({file.path()}, {});
  FL_CHECK(reader.ok());
  const auto runs = make_page_run_reader(**reader);
  References real{.accesses = file.accesses()};
  replay::PageIds ids;
  for (;;) {
    const auto block = runs->next_page_runs();
    FL_CHECK(block.ok());
    if (block->end()) break;
    for (const PageRun run : block->runs) {
      const uint32_t id = ids.get(block->pages[run.page()]);
      if (real.pages.empty() || real.pages.back() != id) real.pages.push_back(id);
    }
  }
  real.distinct = ids.size();
  return real;
}

References random_references() {
  constexpr uint64_t kPages = 262'144;
  constexpr uint64_t kLength = 8'000'000;
  base::Prng random(1);
  References made{.distinct = kPages, .accesses = kLength};
  for (uint64_t i = 0; i < kLength; ++i)
    made.pages.push_back(static_cast<uint32_t>(random.below(kPages)));
  return made;
}

void measure(benchmark::State& state, const References& references, replay::StackKernel kernel) {
  for (auto _ : state) {
    if (!replay::can_run(kernel)) continue;
    replay::StackDistances stack(kernel);
    stack.grow_to(references.distinct);
    // By pieces, as blocks of a trace come.
    constexpr size_t kPiece = 4096;
    std::span<const uint32_t> left = references.pages;
    while (!left.empty()) {
      const auto piece = left.first(std::min(kPiece, left.size()));
      stack.add(piece);
      left = left.subspan(piece.size());
    }
    FL_CHECK(stack.cold() <= references.distinct);
  }
  if (replay::can_run(kernel))
    state.SetItemsProcessed(state.iterations() * int64_t(references.accesses));
}

template <References (*kMake)(), replay::StackKernel kKernel>
void distances(benchmark::State& state) {
  static const References references = kMake();
  measure(state, references, kKernel);
}

void text_to_curve(benchmark::State& state) {
  const TraceFile& file = TraceFile::get();
  for (auto _ : state) {
    const auto reader = open_trace({file.path()}, {});
    FL_CHECK(reader.ok());
    const auto report = measure_mrc(**reader, {});
    FL_CHECK(report.ok() && report->records == file.accesses());
    benchmark::DoNotOptimize(report->total.points.data());
  }
  state.SetItemsProcessed(state.iterations() * int64_t(file.accesses()));
}

using replay::StackKernel;

constexpr Row kRows[] = {
    {.what = "LRU stack distances, real trace, AVX-512",
     .body = distances<real_references, StackKernel::kAvx512>,
     .bound = kSumBound,
     .target_rate = 180e6},
    {.what = "LRU stack distances, real trace, AVX2",
     .body = distances<real_references, StackKernel::kAvx2>,
     .bound = kSumBound,
     .target_rate = 180e6},
    {.what = "LRU stack distances, real trace, portable",
     .body = distances<real_references, StackKernel::kPortable>,
     .bound = kSumBound,
     .target_rate = 108e6},
    {.what = "LRU stack distances, random, AVX-512",
     .body = distances<random_references, StackKernel::kAvx512>,
     .bound = kSumBound,
     .target_rate = 28e6},
    {.what = "LRU stack distances, random, AVX2",
     .body = distances<random_references, StackKernel::kAvx2>,
     .bound = kSumBound,
     .target_rate = 28e6},
    {.what = "LRU stack distances, random, portable",
     .body = distances<random_references, StackKernel::kPortable>,
     .bound = kSumBound,
     .target_rate = 16.8e6},
    {.what = "miss-ratio curve of a real trace, text to curve",
     .body = text_to_curve,
     .bound = kReadBound,
     .clock = Clock::kWall},
};

}  // namespace

std::span<const Row> mrc_rows() { return kRows; }

}  // namespace faultline::bench
