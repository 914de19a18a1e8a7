// Sweeps over a real trace of page runs in memory, by the clock on the wall, in accesses times
// configurations.

#include <cstdint>
#include <thread>
#include <vector>

#include "faultline/sweep.h"
#include "faultline/trace.h"
#include "sim/base/check.h"
#include "tests/bench/rows.h"
#include "tests/bench/trace_file.h"

namespace faultline::bench {
namespace {

constexpr std::string_view kOneThread = "sweep of 8 sizes of LRU, 1 thread";

// The page runs of a trace, kept in memory, as a trace.
class KeptRuns final : public TraceReader, public PageRunReader {
 public:
  struct Block {
    std::vector<uint64_t> pages;
    std::vector<PageRun> runs;
  };
  explicit KeptRuns(const std::vector<Block>& blocks) : blocks_(blocks) {}

  std::string_view format() const override { return "kept"; }
  Result<TraceBlock, InputError> next_block() override { return TraceBlock{}; }
  PageRunReader* page_runs() override { return this; }
  Result<PageRunBlock, InputError> next_page_runs() override {
    if (next_ == blocks_.size()) return PageRunBlock{};
    const Block& block = blocks_[next_++];
    return PageRunBlock{.pages = block.pages, .runs = block.runs};
  }

 private:
  const std::vector<Block>& blocks_;
  size_t next_ = 0;
};

struct Kept {
  std::vector<KeptRuns::Block> blocks{};
  uint64_t accesses = 0;
};

Kept keep() {
  const TraceFile file;
  const auto reader = open_trace({file.path()}, {});
  FL_CHECK(reader.ok());
  const auto runs = make_page_run_reader(**reader);
  Kept kept{.accesses = file.accesses()};
  for (;;) {
    const auto block = runs->next_page_runs();
    FL_CHECK(block.ok());
    if (block->end()) return kept;
    kept.blocks.push_back({.pages = {block->pages.begin(), block->pages.end()},
                           .runs = {block->runs.begin(), block->runs.end()}});
  }
}

void sweep(const Kept& kept, unsigned jobs, uint64_t first_frames, size_t sizes) {
  SweepOptions options{.jobs = jobs};
  for (uint64_t frames = first_frames; options.configurations.size() < sizes; frames *= 2)
    options.configurations.push_back(
        {.frames = frames, .contents = Contents::kNone, .unmapped = Unmapped::kMap});
  KeptRuns runs(kept.blocks);
  const auto outcome = sweep_trace(runs, options);
  FL_CHECK(outcome.ok() && outcome->replays.size() == sizes);
  FL_CHECK(outcome->replays.back().stats.accesses.accesses() == kept.accesses);
}

template <unsigned kJobs>
void sweep_of_8(benchmark::State& state) {
  static const Kept kept = keep();
  for (auto _ : state) sweep(kept, kJobs, 64, 8);
  state.SetItemsProcessed(state.iterations() * int64_t(8 * kept.accesses));
}

// What two threads can do here: each has a trace and a sweep of its own.
void two_sweeps(benchmark::State& state) {
  static const Kept one = keep();
  static const Kept other = keep();
  for (auto _ : state) {
    std::thread thread([] { sweep(one, 1, 64, 8); });
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
