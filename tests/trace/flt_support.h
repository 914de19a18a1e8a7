// What the tests of flt share: streams of accesses and calls drawn by a seed, as flat lists that
// can be compared, and files in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faultline/trace.h"
#include "faultline/trace_writer.h"
#include "sim/trace/byte_sink.h"

namespace faultline::testing {

// A piece of a trace, as TraceBlock is, that owns what it holds.
struct OwnedBlock {
  std::vector<Access> accesses{};
  TraceTask task{};
  std::optional<TraceCall> call{};
  TraceBlock view() const {
    return {.accesses = accesses, .task = task, .call = call ? &*call : nullptr};
  }
};
using Stream = std::vector<OwnedBlock>;

struct StreamShape {
  uint64_t seed = 1;
  std::size_t accesses = 10'000;
  unsigned calls_in_1000 = 5;  // behind an access
  unsigned tasks_in_1000 = 5;  // changes of the task
  unsigned straddles_in_1000 = 20;
};
Stream random_stream(const StreamShape& shape);
TraceCall random_call(uint64_t seed);

// One line an access or call, for comparing: the task, and all that it holds.
std::vector<std::string> to_lines(const Stream& stream);
// The same of what a trace of page runs keeps: the pages of each access, and its kind.
std::vector<std::string> to_page_lines(const Stream& stream);

// A sink into a string, which outlives it.
std::unique_ptr<trace::ByteSink> make_memory_sink(std::string& bytes);
// The stream as an flt file; with several, the blocks of each are its own.
std::string write_flt_blocks(const std::vector<Stream>& streams, const TraceWriterOptions& options);
std::string write_flt(const Stream& stream, const TraceWriterOptions& options);

struct ReadStream {
  Stream stream{};
  std::optional<InputError> error{};
  std::vector<InputError> damage{};
};
// Reads to the end or the first error; as blocks of accesses.
ReadStream read_stream(TraceReader& reader);
// As page runs, expanded.
ReadStream read_runs(PageRunReader& reader);
// Of an flt file named "t".
std::unique_ptr<TraceReader> open_flt(const std::string& bytes, bool salvage = false);

}  // namespace faultline::testing
