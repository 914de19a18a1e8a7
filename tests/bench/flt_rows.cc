// Reading our own format of traces, and collapsing others into page runs.

#include <fmt/core.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "faultline/trace.h"
#include "faultline/trace_writer.h"
#include "sim/base/check.h"
#include "tests/bench/rows.h"
#include "tests/bench/trace_file.h"

namespace faultline::bench {
namespace {

// The trace of TraceFile as flt, beside it.
class FltFile {
 public:
  explicit FltFile(TraceFilter filter) : path_(text_.path() + ".flt") {
    const auto reader = open_trace({text_.path()}, {});
    FL_CHECK(reader.ok());
    auto writer = create_trace(path_, {.filter = filter});
    FL_CHECK(writer.ok() && copy_trace(**reader, **writer, {}).ok());
  }
  ~FltFile() { std::remove(path_.c_str()); }
  FltFile(const FltFile&) = delete;
  FltFile& operator=(const FltFile&) = delete;

  const std::string& path() const { return path_; }
  uint64_t accesses() const { return text_.accesses(); }
  double bytes_an_access() const {
    struct stat status {};
    FL_CHECK(stat(path_.c_str(), &status) == 0);
    return static_cast<double>(status.st_size) / static_cast<double>(accesses());
  }

 private:
  const TraceFile& text_ = TraceFile::get();
  const std::string path_;
};

void finish(benchmark::State& state, const FltFile& file) {
  state.SetLabel(fmt::format("{:.3f} B an access", file.bytes_an_access()));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(file.accesses()));
}

uint64_t count_runs(PageRunReader& reader) {
  uint64_t accesses = 0;
  for (;;) {
    const auto block = reader.next_page_runs();
    FL_CHECK(block.ok());
    if (block->end()) return accesses;
    for (const PageRun run : block->runs) accesses += run.count();
  }
}

uint64_t count_accesses(TraceReader& reader) {
  uint64_t accesses = 0;
  for (;;) {
    const auto block = reader.next_block();
    FL_CHECK(block.ok());
    if (block->end()) return accesses;
    benchmark::DoNotOptimize(block->accesses.data());
    accesses += block->accesses.size();
  }
}

void read_runs(benchmark::State& state) {
  const FltFile file(TraceFilter::kRuns);
  for (auto _ : state) {
    const auto reader = open_trace({file.path()}, {});
    FL_CHECK(reader.ok() && count_runs(*(*reader)->page_runs()) == file.accesses());
  }
  finish(state, file);
}

void expand_runs(benchmark::State& state) {
  const FltFile file(TraceFilter::kRuns);
  for (auto _ : state) {
    const auto reader = open_trace({file.path()}, {});
    FL_CHECK(reader.ok() && count_accesses(**reader) == file.accesses());
  }
  finish(state, file);
}

void read_accesses(benchmark::State& state) {
  const FltFile file(TraceFilter::kOff);
  for (auto _ : state) {
    const auto reader = open_trace({file.path()}, {});
    FL_CHECK(reader.ok() && count_accesses(**reader) == file.accesses());
  }
  finish(state, file);
}

void collapse_accesses(benchmark::State& state) {
  const FltFile file(TraceFilter::kOff);
  for (auto _ : state) {
    const auto reader = open_trace({file.path()}, {});
    FL_CHECK(reader.ok());
    FL_CHECK(count_runs(*make_page_run_reader(**reader)) == file.accesses());
  }
  finish(state, file);
}

constexpr Row kRows[] = {
    {.what = "flt of runs, file to page runs",
     .body = read_runs,
     .iterations = 5,
     .bound = kSumBound,
     .target_rate = 360e6},
    {.what = "flt of runs, file to accesses",
     .body = expand_runs,
     .iterations = 3,
     .bound = kSumBound},
    {.what = "flt of accesses, file to accesses",
     .body = read_accesses,
     .iterations = 3,
     .bound = kSumBound},
    {.what = "flt of accesses, file to page runs",
     .body = collapse_accesses,
     .iterations = 3,
     .bound = kSumBound},
};

}  // namespace

std::span<const Row> flt_rows() { return kRows; }

}  // namespace faultline::bench
