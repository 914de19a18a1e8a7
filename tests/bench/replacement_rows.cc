// Replacement alone, from page runs in memory to its counts: a real trace, and made ones that
// hardly ever hit.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "faultline/mrc.h"
#include "faultline/page_run.h"
#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/replay/replacement.h"
#include "sim/replay/run_pages.h"
#include "tests/bench/packed_trace.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

const KeptRuns& sort_trace() { return runs_of(kSortTrace); }
template <MadeTrace kMade>
const KeptRuns& made_trace() {
  return runs_of(kMade);
}

void replace(const KeptRuns& runs, const replay::ReplacementOptions& options) {
  const auto replacement = replay::make_replacement(options);
  FL_CHECK(replacement.ok());
  replay::RunPages pages({.shift = kPageRunShift, .user_end = 0x7ffffffff000});
  for (const KeptRuns::Block& block : runs.blocks) (*replacement)->add(pages.number(block.view()));
  const ReplacementStats stats = (*replacement)->stats();
  FL_CHECK(stats.hits + stats.misses >= runs.accesses);
}

void measure(benchmark::State& state, const KeptRuns& runs, const std::string& policy,
             uint64_t frames) {
  for (auto _ : state) replace(runs, {.policy = policy, .frames = frames});
  state.SetItemsProcessed(state.iterations() * int64_t(runs.accesses));
}

enum class Policy : uint8_t { kLru, kFifo, kClock, kSieve, kS3Fifo, kTwoQueue, kArc, kLirs, kOpt };
constexpr const char* kNames[] = {"lru", "fifo", "clock", "sieve", "s3fifo",
                                  "2q",  "arc",  "lirs",  "opt"};

using TheTrace = const KeptRuns& (*)();

template <TheTrace kTrace, Policy kPolicy, uint64_t kFrames>
void alone(benchmark::State& state) {
  measure(state, kTrace(), kNames[size_t(kPolicy)], kFrames);
}
template <Policy kPolicy>
constexpr auto kSort = alone<sort_trace, kPolicy, 256>;
template <Policy kPolicy>
constexpr auto kRandomly = alone<made_trace<kRandom>, kPolicy, 65'536>;
template <Policy kPolicy>
constexpr auto kUpdating = alone<made_trace<kUpdates>, kPolicy, 65'536>;
template <Policy kPolicy>
constexpr auto kSkewedly = alone<made_trace<kSkewed>, kPolicy, 4'096>;

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
    row("replacement alone, sort, 256 frames: opt", kSort<Policy::kOpt>, 100e6),
    row("replacement alone, random, 65,536 frames: opt", kRandomly<Policy::kOpt>, 22e6),
    row("replacement alone, updates, 65,536 frames: opt", kUpdating<Policy::kOpt>, 22e6),
    row("replacement alone, skewed, 4,096 frames: opt", kSkewedly<Policy::kOpt>, 22e6),
    row("replacement alone, random, 65,536 frames: lru", kRandomly<Policy::kLru>, 150e6),
    row("replacement alone, random, 65,536 frames: fifo", kRandomly<Policy::kFifo>, 150e6),
    row("replacement alone, random, 65,536 frames: clock", kRandomly<Policy::kClock>, 150e6),
    row("replacement alone, updates, 65,536 frames: lru", kUpdating<Policy::kLru>, 150e6),
    row("replacement alone, updates, 65,536 frames: fifo", kUpdating<Policy::kFifo>, 150e6),
    row("replacement alone, updates, 65,536 frames: clock", kUpdating<Policy::kClock>, 150e6),
    row("replacement alone, skewed, 4,096 frames: lru", kSkewedly<Policy::kLru>, 150e6),
    row("replacement alone, skewed, 4,096 frames: fifo", kSkewedly<Policy::kFifo>, 150e6),
    row("replacement alone, skewed, 4,096 frames: clock", kSkewedly<Policy::kClock>, 150e6),
    row("replacement alone, skewed, 4,096 frames: sieve", kSkewedly<Policy::kSieve>, 50e6),
    row("replacement alone, skewed, 4,096 frames: s3fifo", kSkewedly<Policy::kS3Fifo>, 50e6),
    row("replacement alone, skewed, 4,096 frames: 2q", kSkewedly<Policy::kTwoQueue>, 50e6),
    row("replacement alone, skewed, 4,096 frames: arc", kSkewedly<Policy::kArc>, 50e6),
    row("replacement alone, skewed, 4,096 frames: lirs", kSkewedly<Policy::kLirs>, 50e6),
};

}  // namespace

std::span<const Row> replacement_rows() { return kRows; }

}  // namespace faultline::bench
