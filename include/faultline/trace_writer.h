// Writing address traces: one writer for every format that can be written, to files or standard
// output.
//
// A file appears under its name when it is complete, and not before: until then what is written
// lies beside it under a name of its own, which goes away if the writer does. What is not a regular
// file (a pipe, a device, standard output) gets the bytes as they come.
//
// Threads: a writer belongs to one thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/page_run.h"
#include "faultline/result.h"
#include "faultline/trace.h"

namespace faultline {

// Why a trace was not written.
struct TraceWriteError {
  enum class Cause : uint8_t {
    kInput,       // of copy_trace(): the trace that was to be copied is malformed
    kUsage,       // the file cannot be created, or the options make no sense
    kContent,     // the format cannot hold what it was given
    kOutput,      // the file cannot be written: the disk is full
    kReaderGone,  // the other end of the pipe was closed: nobody wants the rest
  };
  Cause cause = Cause::kOutput;
  InputError error{};
};

class TraceWriter {
 public:
  virtual ~TraceWriter() = default;
  // Appends the accesses, and the call behind them. Errors: as TraceWriteError says; nothing can be
  // written after one.
  virtual Result<void, TraceWriteError> write(const TraceBlock& block) = 0;
  // Appends page runs, as the accesses that stand for them (TraceReader::next_block of an flt trace
  // of runs) unless the writer holds runs itself.
  virtual Result<void, TraceWriteError> write_runs(const PageRunBlock& block);
  // Whether it holds runs as they are, so that write_runs() is the better way.
  virtual bool holds_runs() const { return false; }
  // Writes what is left and gives the file its name. Nothing may be written after that. Without it
  // no file is left.
  virtual Result<void, TraceWriteError> finish() = 0;
};

enum class Compression : uint8_t { kNone, kGzip, kXz, kZstd };

struct TraceWriterOptions {
  std::string format = "flt";
  Compression compression = Compression::kNone;  // of the whole file
  // What the format cannot hold is left out, or made what it can hold; else it is refused.
  bool lossy = false;
  // The following are of flt alone.
  TraceFilter filter = TraceFilter::kOff;
  FetchUnit fetch_unit = FetchUnit::kInstruction;
  bool has_calls = false;  // as TraceReader::has_calls
  std::string producer{};  // what made the trace, for people; kProducerBytesMax at most
};
inline constexpr std::size_t kProducerBytesMax = 1024;

// Begins the trace `file` ("-" is standard output).
// Errors: it cannot be created; the format is not known, or cannot be written.
Result<std::unique_ptr<TraceWriter>, TraceWriteError> create_trace(
    const std::string& file, const TraceWriterOptions& options);

// The names of the formats that can be written.
std::vector<std::string_view> writable_formats();

// The format and the compression that the name of a file asks for: `a.din.gz` is din under gzip.
// What says nothing is flt, without compression.
struct TraceFileName {
  std::string format = "flt";
  Compression compression = Compression::kNone;
};
TraceFileName parse_trace_file_name(std::string_view file);

struct CopyOptions {
  uint64_t skip = 0;  // accesses passed over at the beginning; calls between them are kept
  uint64_t limit = std::numeric_limits<uint64_t>::max();  // accesses copied after these
  // Looked at before each block; null: never interrupted.
  const std::atomic<bool>* interrupted = nullptr;
  // Told after each block how many accesses have been copied; may be empty.
  std::function<void(uint64_t accesses)> on_progress{};
};

struct CopyOutcome {
  uint64_t accesses = 0;  // copied
  bool interrupted = false;
};

// Writes what is left of `reader` to `writer`, and finishes it, also where it was interrupted.
Result<CopyOutcome, TraceWriteError> copy_trace(TraceReader& reader, TraceWriter& writer,
                                                const CopyOptions& options);

}  // namespace faultline
