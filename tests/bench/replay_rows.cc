// The main job: a real trace as plain text, from the file to the report, by the clock on the wall
// as two threads do it.

#include <cstdint>
#include <string>

#include "faultline/report.h"
#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/replay/engine.h"
#include "tests/bench/rows.h"
#include "tests/bench/trace_file.h"

namespace faultline::bench {
namespace {

void replay_text(benchmark::State& state, std::optional<uint64_t> frames) {
  const TraceFile& file = TraceFile::get();
  for (auto _ : state) {
    const MachineOptions options{
        .frames = frames, .contents = Contents::kNone, .unmapped = Unmapped::kMap};
    const auto reader = open_trace({file.path()}, {});
    FL_CHECK(reader.ok());
    const auto engine = replay::make_engine({.machine = options}, **reader);
    FL_CHECK(engine.ok());
    const auto outcome = (*engine)->replay(**reader, {});
    FL_CHECK(outcome.ok() && outcome->records == file.accesses());
    const std::string report = replay_report_json({.files = {file.path()},
                                                   .format = "lackey",
                                                   .records = outcome->records,
                                                   .config = options,
                                                   .stats = (*engine)->stats()});
    benchmark::DoNotOptimize(report.data());
  }
  state.SetItemsProcessed(state.iterations() * int64_t(file.accesses()));
}
void replay_unlimited(benchmark::State& state) { replay_text(state, {}); }
void replay_short(benchmark::State& state) { replay_text(state, 256); }

constexpr Row kRows[] = {
    {.what = "replay of a real trace, text to report",
     .body = replay_unlimited,
     .iterations = 1,
     .bound = kReadBound,
     .target_rate = 85e6,
     .target_ratio = 0.25,
     .clock = Clock::kWall},
    {.what = "replay of a real trace, 256 frames, exact LRU",
     .body = replay_short,
     .iterations = 1,
     .bound = kReadBound,
     .clock = Clock::kWall},
};

}  // namespace

std::span<const Row> replay_rows() { return kRows; }

}  // namespace faultline::bench
