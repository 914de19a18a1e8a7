// Sweeps over a real trace of page runs in memory, by the clock on the wall, in accesses times
// configurations.

#include <cstdint>
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

template <unsigned kJobs>
void sweep_of_8(benchmark::State& state) {
  static const Kept kept = keep();
  SweepOptions options{.jobs = kJobs};
  for (uint64_t frames = 64; options.configurations.size() < 8; frames *= 2)
    options.configurations.push_back(
        {.frames = frames, .contents = Contents::kNone, .unmapped = Unmapped::kMap});
  for (auto _ : state) {
    KeptRuns runs(kept.blocks);
    const auto outcome = sweep_trace(runs, options);
    FL_CHECK(outcome.ok() && outcome->replays.size() == 8);
    FL_CHECK(outcome->replays.back().stats.accesses.accesses() == kept.accesses);
  }
  state.SetItemsProcessed(state.iterations() * int64_t(8 * kept.accesses));
}

constexpr Row kRows[] = {
    {.what = kOneThread, .body = sweep_of_8<1>, .clock = Clock::kWall},
    {.what = "sweep of 8 sizes of LRU, 2 threads",
     .body = sweep_of_8<2>,
     .bound = kOneThread,
     .target_rate = 1000e6,
     .target_ratio = 1.9,
     .clock = Clock::kWall},
};

}  // namespace

std::span<const Row> sweep_rows() { return kRows; }

}  // namespace faultline::bench
