// Compressed text, from the file to the report, by the clock on the wall: decompression has a
// thread of its own. The bound of each is what its decompressor does alone.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "faultline/report.h"
#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/replay/engine.h"
#include "sim/trace/content.h"
#include "sim/trace/file_source.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr const char* kGzip = "traces/cg.lackey.gz";
constexpr const char* kXz = "traces/perl.lackey.xz";
constexpr const char* kZstd = "traces/sort.lackey.zst";

uint64_t accesses_of(const std::string& file) {
  const auto reader = open_trace({file}, {});
  FL_CHECK_MSG(reader.ok(), "no {}: start the table with bazel run", file);
  uint64_t accesses = 0;
  for (;;) {
    const auto block = (*reader)->next_block();
    FL_CHECK(block.ok());
    if (block->end()) return accesses;
    accesses += block->accesses.size();
  }
}

// What is compressed, to its end, without a look at it.
void decompress(benchmark::State& state, const std::string& file) {
  const uint64_t accesses = accesses_of(file);
  std::vector<char> bytes(size_t{1} << 18);
  for (auto _ : state) {
    auto source = trace::open_file(file);
    FL_CHECK(source.ok());
    auto content = trace::make_content(file, std::move(source).value());
    FL_CHECK(content.ok());
    for (;;) {
      const auto size = content->bytes->read(bytes);
      FL_CHECK(size.ok());
      if (*size == 0) break;
      benchmark::DoNotOptimize(bytes.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * int64_t(accesses));
}

void replay_file(benchmark::State& state, const std::string& file) {
  const uint64_t accesses = accesses_of(file);
  const replay::EngineOptions options{
      .machine{.frames = 256, .contents = Contents::kNone, .unmapped = Unmapped::kMap}};
  for (auto _ : state) {
    const auto reader = open_trace({file}, {});
    FL_CHECK(reader.ok());
    const auto engine = replay::make_engine(options, **reader);
    FL_CHECK(engine.ok());
    const auto outcome = (*engine)->replay(**reader, {});
    FL_CHECK(outcome.ok() && outcome->records == accesses);
    const Stats stats = (*engine)->stats();
    benchmark::DoNotOptimize(&stats);
  }
  state.SetItemsProcessed(state.iterations() * int64_t(accesses));
}

void gzip_alone(benchmark::State& state) { decompress(state, kGzip); }
void xz_alone(benchmark::State& state) { decompress(state, kXz); }
void zstd_alone(benchmark::State& state) { decompress(state, kZstd); }
void gzip_replay(benchmark::State& state) { replay_file(state, kGzip); }
void xz_replay(benchmark::State& state) { replay_file(state, kXz); }
void zstd_replay(benchmark::State& state) { replay_file(state, kZstd); }

constexpr std::string_view kGzipAlone = "gzip text, decompressed alone";
constexpr std::string_view kXzAlone = "xz text, decompressed alone";
constexpr std::string_view kZstdAlone = "zstd text, decompressed alone";

constexpr Row alone(std::string_view what, void (*body)(benchmark::State& state)) {
  return {.what = what, .body = body, .clock = Clock::kWall};
}
constexpr Row replayed(std::string_view what, void (*body)(benchmark::State& state),
                       std::string_view bound, double ratio) {
  return {.what = what, .body = body, .bound = bound, .target_ratio = ratio, .clock = Clock::kWall};
}

constexpr Row kRows[] = {
    alone(kGzipAlone, gzip_alone),
    replayed("gzip text to report, 256 frames: lru", gzip_replay, kGzipAlone, 0.8),
    alone(kXzAlone, xz_alone),
    replayed("xz text to report, 256 frames: lru", xz_replay, kXzAlone, 0.8),
    alone(kZstdAlone, zstd_alone),
    // zstd is faster than the rest: 0.8 of what the same text does uncompressed is the target.
    replayed("zstd text to report, 256 frames: lru", zstd_replay, kZstdAlone, 0),
};

}  // namespace

std::span<const Row> compressed_rows() { return kRows; }

}  // namespace faultline::bench
