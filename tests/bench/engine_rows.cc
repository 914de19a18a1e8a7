// Whole replays from packed traces: TLB, page walks, replacement, dirty pages and all counters; on
// real traces, by the clock on the wall since a thread of its own reads them, and on made ones that
// hardly ever hit.
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "faultline/page_run.h"
#include "faultline/trace.h"
#include "faultline/trace_writer.h"
#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "sim/replay/engine.h"
#include "sim/replay/next_use_index.h"
#include "sim/replay/run_machine.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr uint64_t kFrames = 256;
constexpr uint32_t kManyPages = 262'144;
constexpr uint32_t kFewPages = 16'384;

// A folder that goes with the object.
class Folder {
 public:
  Folder() {
    const char* const top = std::getenv("TMPDIR");
    path_ = std::string(top == nullptr ? "/tmp" : top) + "/faultline_bench.XXXXXX";
    FL_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() { rmdir(path_.c_str()); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A real trace, packed into page runs.
class PackedTrace {
 public:
  explicit PackedTrace(const std::string& trace) : path_(folder_.path() + "/t.flt") {
    const auto reader = open_trace({trace}, {});
    FL_CHECK_MSG(reader.ok(), "no {}: start the table with bazel run", trace);
    auto writer = create_trace(path_, {.filter = TraceFilter::kRuns});
    FL_CHECK(writer.ok());
    FL_CHECK(copy_trace(**reader, **writer, {}).ok());
  }
  ~PackedTrace() { unlink(path_.c_str()); }
  PackedTrace(const PackedTrace&) = delete;
  PackedTrace& operator=(const PackedTrace&) = delete;
  const std::string& path() const { return path_; }

 private:
  const Folder folder_;
  const std::string path_;
};

void replay_packed(benchmark::State& state, const std::string& trace, const std::string& policy) {
  const PackedTrace packed(trace);
  const replay::EngineOptions options{.machine{.frames = kFrames,
                                               .policy = policy,
                                               .contents = Contents::kNone,
                                               .unmapped = Unmapped::kMap}};
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
void replay_opt(benchmark::State& state, const std::string& trace) {
  const PackedTrace packed(trace);
  uint64_t accesses = 0;
  for (auto _ : state) {
    auto index = replay::NextUseIndex::create();
    FL_CHECK(index.ok());
    replay::EngineOptions options{.machine{.policy = "opt",
                                           .next_uses = index->get(),
                                           .contents = Contents::kNone,
                                           .unmapped = Unmapped::kMap}};
    for (const bool first : {true, false}) {
      options.machine.frames = first ? replay::frames_max_of(options.machine) : kFrames;
      const auto reader = open_trace({packed.path()}, {});
      FL_CHECK(reader.ok());
      auto engine = replay::make_engine(options, **reader);
      FL_CHECK(engine.ok() && (*engine)->name() == "runs");
      const auto outcome = (*engine)->replay(**reader, {.opt_frames = kFrames});
      FL_CHECK(outcome.ok());
      if (!first) accesses += outcome->records;
      engine->reset();
      if (first) FL_CHECK((*index)->finish().ok());
    }
  }
  state.SetItemsProcessed(int64_t(accesses));
}

// Loads of `pages` pages, in memory: each page as likely as the others, or the first ones likelier
// by far.
enum class Likely : uint8_t { kAll, kFirst };
struct MadeTrace {
  MadeTrace(uint32_t page_count, Likely likely) {
    for (uint64_t page = 0; page < page_count; ++page) pages.push_back(0x10000 + page);
    base::Prng prng(1);
    for (PageRun& run : runs) {
      uint64_t page = prng.below(page_count);
      if (likely == Likely::kFirst)
        for (int i = 0; i < 3; ++i) page = page * prng.below(page_count) / page_count;
      run = PageRun::make(static_cast<uint32_t>(page), AccessKind::kLoad, 1);
    }
  }
  std::vector<uint64_t> pages;
  std::vector<PageRun> runs{4 << 20};
};

void replay_made(benchmark::State& state, const MadeTrace& trace, const std::string& policy) {
  const MachineOptions options{.frames = trace.pages.size() / 4,
                               .policy = policy,
                               .contents = Contents::kNone,
                               .unmapped = Unmapped::kMap};
  for (auto _ : state) {
    auto made = reclaim::make_policy(policy, {.frames = *options.frames});
    FL_CHECK(made.ok());
    replay::RunMachine machine(options, std::move(made).value());
    FL_CHECK(machine.enter({}, trace.pages));
    machine.replay(trace.runs);
    const Stats stats = machine.stats();
    benchmark::DoNotOptimize(&stats);
  }
  state.SetItemsProcessed(state.iterations() * int64_t(trace.runs.size()));
}

// The same by OPT, both passes.
void random_opt(benchmark::State& state) {
  const MadeTrace trace(kManyPages, Likely::kAll);
  MachineOptions options{.policy = "opt", .contents = Contents::kNone, .unmapped = Unmapped::kMap};
  for (auto _ : state) {
    auto index = replay::NextUseIndex::create();
    FL_CHECK(index.ok());
    for (const bool first : {true, false}) {
      options.frames = first ? kManyPages : kManyPages / 4;
      auto made = reclaim::make_policy("opt", {.next_uses = index->get()});
      FL_CHECK(made.ok());
      {
        replay::RunMachine machine(options, std::move(made).value());
        FL_CHECK(machine.enter({}, trace.pages));
        machine.replay(trace.runs);
      }
      if (first) FL_CHECK((*index)->finish().ok());
    }
  }
  state.SetItemsProcessed(state.iterations() * int64_t(trace.runs.size()));
}

void sort_lru(benchmark::State& state) { replay_packed(state, "traces/sort.lackey.zst", "lru"); }
void sqlite_lru(benchmark::State& state) {
  replay_packed(state, "traces/sqlite.lackey.zst", "lru");
}
void perl_lru(benchmark::State& state) { replay_packed(state, "traces/perl.lackey.xz", "lru"); }
void cg_lru(benchmark::State& state) { replay_packed(state, "traces/cg.lackey.gz", "lru"); }
void xz_lru(benchmark::State& state) { replay_packed(state, "traces/xz-head.lackey.zst", "lru"); }
void sort_opt(benchmark::State& state) { replay_opt(state, "traces/sort.lackey.zst"); }
void sqlite_opt(benchmark::State& state) { replay_opt(state, "traces/sqlite.lackey.zst"); }
void sort_clock(benchmark::State& state) {
  replay_packed(state, "traces/sort.lackey.zst", "clock");
}
void sort_arc(benchmark::State& state) { replay_packed(state, "traces/sort.lackey.zst", "arc"); }
void sort_2q(benchmark::State& state) { replay_packed(state, "traces/sort.lackey.zst", "2q"); }
void sort_s3fifo(benchmark::State& state) {
  replay_packed(state, "traces/sort.lackey.zst", "s3fifo");
}
void sort_sieve(benchmark::State& state) {
  replay_packed(state, "traces/sort.lackey.zst", "sieve");
}
void sort_lirs(benchmark::State& state) { replay_packed(state, "traces/sort.lackey.zst", "lirs"); }

template <uint32_t kPages, Likely kLikely>
void made(benchmark::State& state, const char* policy) {
  const MadeTrace trace(kPages, kLikely);
  replay_made(state, trace, policy);
}
void random_lru(benchmark::State& state) { made<kManyPages, Likely::kAll>(state, "lru"); }
void skewed_lru(benchmark::State& state) { made<kFewPages, Likely::kFirst>(state, "lru"); }
void skewed_clock(benchmark::State& state) { made<kFewPages, Likely::kFirst>(state, "clock"); }
void skewed_arc(benchmark::State& state) { made<kFewPages, Likely::kFirst>(state, "arc"); }
void skewed_s3fifo(benchmark::State& state) { made<kFewPages, Likely::kFirst>(state, "s3fifo"); }

constexpr Row real(std::string_view what, void (*body)(benchmark::State& state),
                   double target = 350e6) {
  return {.what = what,
          .body = body,
          .iterations = 3,
          .bound = kSumBound,
          .target_rate = target,
          .target_ratio = target / 1650e6,
          .clock = Clock::kWall};
}
constexpr Row missing(std::string_view what, void (*body)(benchmark::State& state),
                      double target = 60e6) {
  return {.what = what, .body = body, .bound = kSumBound, .target_rate = target};
}

constexpr Row kRows[] = {
    real("packed sort, 256 frames: lru", sort_lru),
    real("packed sqlite, 256 frames: lru", sqlite_lru),
    real("packed perl, 256 frames: lru", perl_lru),
    real("packed cg, 256 frames: lru", cg_lru),
    real("packed xz-head, 256 frames: lru", xz_lru),
    real("packed sort, 256 frames: clock", sort_clock, 0),
    real("packed sort, 256 frames: arc", sort_arc, 0),
    real("packed sort, 256 frames: 2q", sort_2q, 0),
    real("packed sort, 256 frames: s3fifo", sort_s3fifo, 0),
    real("packed sort, 256 frames: sieve", sort_sieve, 0),
    real("packed sort, 256 frames: lirs", sort_lirs, 0),
    real("packed sort, 256 frames: opt, both passes", sort_opt, 100e6),
    real("packed sqlite, 256 frames: opt, both passes", sqlite_opt, 100e6),
    missing("random over 262,144 pages, a quarter of memory: lru", random_lru),
    missing("random over 262,144 pages, a quarter: opt, both passes", random_opt, 22e6),
    missing("skewed over 16,384 pages, a quarter of memory: lru", skewed_lru),
    missing("skewed over 16,384 pages, a quarter: clock", skewed_clock, 0),
    missing("skewed over 16,384 pages, a quarter: arc", skewed_arc, 0),
    missing("skewed over 16,384 pages, a quarter: s3fifo", skewed_s3fifo, 0),
};

}  // namespace

std::span<const Row> engine_rows() { return kRows; }

}  // namespace faultline::bench
