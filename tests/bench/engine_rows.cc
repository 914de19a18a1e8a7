// Whole replays from packed traces, file to counters: TLB, page walks, replacement, dirty pages and
// all counters; of real traces and of made ones that hardly ever hit. By the clock on the wall,
// since a thread of its own reads them.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/replay/engine.h"
#include "sim/replay/next_use_index.h"
#include "tests/bench/packed_trace.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr uint64_t kFrames = 256;

void replay_packed(benchmark::State& state, const PackedTrace& packed, const std::string& policy,
                   uint64_t frames) {
  const replay::EngineOptions options{.machine{
      .frames = frames, .policy = policy, .contents = Contents::kNone, .unmapped = Unmapped::kMap}};
  uint64_t accesses = 0;
  for (auto _ : state) {
    const auto reader = open_trace({packed.path()}, {});
    FL_CHECK(reader.ok());
    const auto engine = replay::make_engine(options, **reader);
    FL_CHECK(engine.ok() && (*engine)->name() == "runs");
    const auto outcome = (*engine)->replay(**reader, {});
    FL_CHECK(outcome.ok());
    accesses += outcome->records;
    const Stats stats = (*engine)->stats();
    benchmark::DoNotOptimize(&stats);
  }
  state.SetItemsProcessed(int64_t(accesses));
}

// OPT: the first pass, which notes what is used when, and the second.
void replay_opt(benchmark::State& state, const PackedTrace& packed, uint64_t frames) {
  uint64_t accesses = 0;
  for (auto _ : state) {
    auto index = replay::NextUseIndex::create();
    FL_CHECK(index.ok());
    replay::EngineOptions options{.machine{.policy = "opt",
                                           .next_uses = index->get(),
                                           .contents = Contents::kNone,
                                           .unmapped = Unmapped::kMap}};
    for (const bool first : {true, false}) {
      options.machine.frames = first ? replay::frames_max_of(options.machine) : frames;
      const auto reader = open_trace({packed.path()}, {});
      FL_CHECK(reader.ok());
      auto engine = replay::make_engine(options, **reader);
      FL_CHECK(engine.ok() && (*engine)->name() == "runs");
      const auto outcome = (*engine)->replay(**reader, {.opt_frames = frames});
      FL_CHECK(outcome.ok());
      if (!first) accesses += outcome->records;
      engine->reset();
      if (first) FL_CHECK((*index)->finish().ok());
    }
  }
  state.SetItemsProcessed(int64_t(accesses));
}

// A real trace, of traces/.
void replay_real(benchmark::State& state, const std::string& trace, const std::string& policy) {
  const PackedTrace& packed = packed_of("traces/" + trace);
  if (policy == "opt")
    replay_opt(state, packed, kFrames);
  else
    replay_packed(state, packed, policy, kFrames);
}

// One that is made, in memory for a quarter of its pages.
void replay_made(benchmark::State& state, const MadeTrace& made, const std::string& policy) {
  const PackedTrace& packed = packed_of(made);
  if (policy == "opt")
    replay_opt(state, packed, made.pages / 4);
  else
    replay_packed(state, packed, policy, made.pages / 4);
}

void sort_lru(benchmark::State& state) { replay_real(state, "sort.lackey.zst", "lru"); }
void sqlite_lru(benchmark::State& state) { replay_real(state, "sqlite.lackey.zst", "lru"); }
void perl_lru(benchmark::State& state) { replay_real(state, "perl.lackey.xz", "lru"); }
void cg_lru(benchmark::State& state) { replay_real(state, "cg.lackey.gz", "lru"); }
void xz_lru(benchmark::State& state) { replay_real(state, "xz-head.lackey.zst", "lru"); }
void sort_opt(benchmark::State& state) { replay_real(state, "sort.lackey.zst", "opt"); }
void sqlite_opt(benchmark::State& state) { replay_real(state, "sqlite.lackey.zst", "opt"); }
void sort_clock(benchmark::State& state) { replay_real(state, "sort.lackey.zst", "clock"); }
void sort_arc(benchmark::State& state) { replay_real(state, "sort.lackey.zst", "arc"); }
void sort_2q(benchmark::State& state) { replay_real(state, "sort.lackey.zst", "2q"); }
void sort_s3fifo(benchmark::State& state) { replay_real(state, "sort.lackey.zst", "s3fifo"); }
void sort_sieve(benchmark::State& state) { replay_real(state, "sort.lackey.zst", "sieve"); }
void sort_lirs(benchmark::State& state) { replay_real(state, "sort.lackey.zst", "lirs"); }

void random_lru(benchmark::State& state) { replay_made(state, kRandom, "lru"); }
void random_opt(benchmark::State& state) { replay_made(state, kRandom, "opt"); }
void updates_lru(benchmark::State& state) { replay_made(state, kUpdates, "lru"); }
void updates_opt(benchmark::State& state) { replay_made(state, kUpdates, "opt"); }
void skewed_lru(benchmark::State& state) { replay_made(state, kSkewed, "lru"); }
void skewed_opt(benchmark::State& state) { replay_made(state, kSkewed, "opt"); }
void skewed_clock(benchmark::State& state) { replay_made(state, kSkewed, "clock"); }
void skewed_arc(benchmark::State& state) { replay_made(state, kSkewed, "arc"); }
void skewed_s3fifo(benchmark::State& state) { replay_made(state, kSkewed, "s3fifo"); }

constexpr Row row(std::string_view what, void (*body)(benchmark::State& state), double target) {
  return {.what = what,
          .body = body,
          .iterations = 3,
          .bound = kSumBound,
          .target_rate = target,
          .target_ratio = target / 1650e6,
          .clock = Clock::kWall};
}
// Of the traces of programs, and of those that miss much.
constexpr double kReal = 350e6;
constexpr double kMissing = 60e6;

constexpr Row kRows[] = {
    row("packed sort, 256 frames: lru", sort_lru, kReal),
    row("packed sqlite, 256 frames: lru", sqlite_lru, kReal),
    row("packed perl, 256 frames: lru", perl_lru, kReal),
    row("packed cg, 256 frames: lru", cg_lru, kReal),
    row("packed xz-head, 256 frames: lru", xz_lru, kReal),
    row("packed sort, 256 frames: clock", sort_clock, 0),
    row("packed sort, 256 frames: arc", sort_arc, 0),
    row("packed sort, 256 frames: 2q", sort_2q, 0),
    row("packed sort, 256 frames: s3fifo", sort_s3fifo, 0),
    row("packed sort, 256 frames: sieve", sort_sieve, 0),
    row("packed sort, 256 frames: lirs", sort_lirs, 0),
    row("packed sort, 256 frames: opt, both passes", sort_opt, 100e6),
    row("packed sqlite, 256 frames: opt, both passes", sqlite_opt, 100e6),
    row("packed random, 65,536 frames: lru", random_lru, kMissing),
    row("packed random, 65,536 frames: opt, both passes", random_opt, 22e6),
    row("packed updates, 65,536 frames: lru", updates_lru, kMissing),
    row("packed updates, 65,536 frames: opt, both passes", updates_opt, 22e6),
    row("packed skewed, 4,096 frames: lru", skewed_lru, kMissing),
    row("packed skewed, 4,096 frames: opt, both passes", skewed_opt, 22e6),
    row("packed skewed, 4,096 frames: clock", skewed_clock, 0),
    row("packed skewed, 4,096 frames: arc", skewed_arc, 0),
    row("packed skewed, 4,096 frames: s3fifo", skewed_s3fifo, 0),
};

}  // namespace

std::span<const Row> engine_rows() { return kRows; }

}  // namespace faultline::bench
