// Sweeps over a real trace of page runs in memory, by the clock on the wall, in accesses times
// configurations.

#include <cstdint>
#include <thread>
#include <vector>

#include "faultline/sweep.h"
#include "faultline/trace.h"
#include "sim/base/check.h"
#include "tests/bench/packed_trace.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr std::string_view kOneThread = "sweep of 8 sizes of LRU, 1 thread";

void sweep(const KeptRuns& kept, unsigned jobs, uint64_t first_frames, size_t sizes) {
  SweepOptions options{.jobs = jobs};
  for (uint64_t frames = first_frames; options.configurations.size() < sizes; frames *= 2)
    options.configurations.push_back(
        {.frames = frames, .contents = Contents::kNone, .unmapped = Unmapped::kMap});
  KeptReader runs(kept);
  const auto outcome = sweep_trace(runs, options);
  FL_CHECK(outcome.ok() && outcome->replays.size() == sizes);
  FL_CHECK(outcome->replays.back().stats.accesses.accesses() == kept.accesses);
}

template <unsigned kJobs>
void sweep_of_8(benchmark::State& state) {
  const KeptRuns& kept = runs_of(kSortTrace);
  for (auto _ : state) sweep(kept, kJobs, 64, 8);
  state.SetItemsProcessed(state.iterations() * int64_t(8 * kept.accesses));
}

// What two threads can do here: each has a trace and a sweep of its own.
void two_sweeps(benchmark::State& state) {
  const KeptRuns& one = runs_of(kSortTrace);
  static const KeptRuns other = one;
  for (auto _ : state) {
    std::thread thread([&] { sweep(one, 1, 64, 8); });
    sweep(other, 1, 64, 8);
    thread.join();
  }
  state.SetItemsProcessed(state.iterations() * int64_t(8 * (one.accesses + other.accesses)));
}

constexpr Row kRows[] = {
    {.what = kOneThread, .body = sweep_of_8<1>, .clock = Clock::kWall},
    {.what = "sweep of 8 sizes of LRU, 2 threads",
     .body = sweep_of_8<2>,
     .bound = kOneThread,
     .target_rate = 1000e6,
     .target_ratio = 1.9,
     .clock = Clock::kWall},
    {.what = "two such sweeps, a thread and a trace each",
     .body = two_sweeps,
     .bound = kOneThread,
     .clock = Clock::kWall},
};

}  // namespace

std::span<const Row> sweep_rows() { return kRows; }

}  // namespace faultline::bench
