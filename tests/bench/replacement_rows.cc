// Replacement alone, from page runs in memory to its counts: a real trace, and made ones that
// hardly ever hit.
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "faultline/page_run.h"
#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/replay/replacement.h"
#include "sim/replay/run_pages.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

struct Block {
  std::vector<uint64_t> pages{};
  std::vector<PageRun> runs{};
};
struct Runs {
  std::vector<Block> blocks{};
  uint64_t accesses = 0;
};

Runs sort_runs() {
  const auto reader = open_trace({"traces/sort.lackey.zst"}, {});
  FL_CHECK_MSG(reader.ok(), "no traces/sort.lackey.zst: start the table with bazel run");
  const auto collapsed = make_page_run_reader(**reader);
  Runs runs;
  for (;;) {
    const auto block = collapsed->next_page_runs();
    FL_CHECK(block.ok());
    if (block->end()) return runs;
    runs.blocks.push_back({.pages = {block->pages.begin(), block->pages.end()},
                           .runs = {block->runs.begin(), block->runs.end()}});
    for (const PageRun run : block->runs) runs.accesses += run.count();
  }
}

// Loads: each page as likely as the others, or the first ones likelier by far.
Runs made_runs(uint32_t page_count, int skew) {
  Block block;
  for (uint64_t page = 0; page < page_count; ++page) block.pages.push_back(0x10000 + page);
  base::Prng prng(1);
  constexpr size_t kLength = 8 << 20;
  for (size_t i = 0; i < kLength; ++i) {
    uint64_t page = prng.below(page_count);
    for (int times = 0; times < skew; ++times) page = page * prng.below(page_count) / page_count;
    block.runs.push_back(PageRun::make(static_cast<uint32_t>(page), AccessKind::kLoad, 1));
  }
  Runs runs{.accesses = kLength};
  runs.blocks.push_back(std::move(block));
  return runs;
}
Runs random_runs() { return made_runs(262'144, 0); }
Runs skewed_runs() { return made_runs(16'384, 3); }

void measure(benchmark::State& state, const Runs& runs, const std::string& policy,
             uint64_t frames) {
  for (auto _ : state) {
    const auto replacement = replay::make_replacement({.policy = policy, .frames = frames});
    FL_CHECK(replacement.ok());
    replay::RunPages pages({.shift = kPageRunShift, .user_end = 0x7ffffffff000});
    for (const Block& block : runs.blocks)
      (*replacement)->add(pages.number({.pages = block.pages, .runs = block.runs}));
    const ReplacementStats stats = (*replacement)->stats();
    FL_CHECK(stats.hits + stats.misses >= runs.accesses);
  }
  state.SetItemsProcessed(state.iterations() * int64_t(runs.accesses));
}

enum class Policy : uint8_t { kLru, kFifo, kClock, kSieve, kS3Fifo, kTwoQueue, kArc, kLirs };
constexpr const char* kNames[] = {"lru", "fifo", "clock", "sieve", "s3fifo", "2q", "arc", "lirs"};

template <Runs (*kMake)()>
const Runs& the_only() {
  static const Runs runs = kMake();
  return runs;
}
template <Runs (*kMake)(), Policy kPolicy, uint64_t kFrames>
void alone(benchmark::State& state) {
  measure(state, the_only<kMake>(), kNames[size_t(kPolicy)], kFrames);
}
template <Policy kPolicy>
constexpr auto kSort = alone<sort_runs, kPolicy, 256>;
template <Policy kPolicy>
constexpr auto kRandom = alone<random_runs, kPolicy, 65'536>;
template <Policy kPolicy>
constexpr auto kSkewed = alone<skewed_runs, kPolicy, 4'096>;

constexpr Row row(std::string_view what, void (*body)(benchmark::State& state), double target) {
  return {.what = what,
          .body = body,
          .iterations = 3,
          .bound = kSumBound,
          .target_rate = target,
          .target_ratio = target / 1650e6};
}

constexpr Row kRows[] = {
    row("replacement alone, sort, 256 frames: lru", kSort<Policy::kLru>, 800e6),
    row("replacement alone, sort, 256 frames: fifo", kSort<Policy::kFifo>, 800e6),
    row("replacement alone, sort, 256 frames: clock", kSort<Policy::kClock>, 800e6),
    row("replacement alone, sort, 256 frames: sieve", kSort<Policy::kSieve>, 300e6),
    row("replacement alone, sort, 256 frames: s3fifo", kSort<Policy::kS3Fifo>, 300e6),
    row("replacement alone, sort, 256 frames: 2q", kSort<Policy::kTwoQueue>, 300e6),
    row("replacement alone, sort, 256 frames: arc", kSort<Policy::kArc>, 300e6),
    row("replacement alone, sort, 256 frames: lirs", kSort<Policy::kLirs>, 300e6),
    row("replacement alone, random, 262,144 pages: lru", kRandom<Policy::kLru>, 150e6),
    row("replacement alone, random, 262,144 pages: fifo", kRandom<Policy::kFifo>, 150e6),
    row("replacement alone, random, 262,144 pages: clock", kRandom<Policy::kClock>, 150e6),
    row("replacement alone, skewed, 16,384 pages: lru", kSkewed<Policy::kLru>, 150e6),
    row("replacement alone, skewed, 16,384 pages: fifo", kSkewed<Policy::kFifo>, 150e6),
    row("replacement alone, skewed, 16,384 pages: clock", kSkewed<Policy::kClock>, 150e6),
    row("replacement alone, skewed, 16,384 pages: sieve", kSkewed<Policy::kSieve>, 50e6),
    row("replacement alone, skewed, 16,384 pages: s3fifo", kSkewed<Policy::kS3Fifo>, 50e6),
    row("replacement alone, skewed, 16,384 pages: 2q", kSkewed<Policy::kTwoQueue>, 50e6),
    row("replacement alone, skewed, 16,384 pages: arc", kSkewed<Policy::kArc>, 50e6),
    row("replacement alone, skewed, 16,384 pages: lirs", kSkewed<Policy::kLirs>, 50e6),
};

}  // namespace

std::span<const Row> replacement_rows() { return kRows; }

}  // namespace faultline::bench
