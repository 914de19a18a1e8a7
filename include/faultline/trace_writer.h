// Writing address traces: one writer for every format that can be written, to files or standard
// output.
//
// A file appears under its name when it is complete, and not before: until then what is written
// lies beside it under a name of its own, which goes away if the writer does. What is not a regular
// file (a pipe, a device, standard output) gets the bytes as they come.
//
// Threads: a writer belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "faultline/input_error.h"
#include "faultline/page_run.h"
#include "faultline/result.h"
#include "faultline/trace.h"

namespace faultline {

// Why a trace was not written.
struct TraceWriteError {
  enum class Cause : uint8_t {
    kOutput,      // the file cannot be created or written: the disk is full
    kReaderGone,  // the other end of the pipe was closed: nobody wants the rest
    kContent,     // the format cannot hold what it was given, or the options make no sense
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
  // Writes what is left and gives the file its name. Nothing may be written after that. Without it
  // no file is left.
  virtual Result<void, TraceWriteError> finish() = 0;
};

struct TraceWriterOptions {
  std::string format = "flt";
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

}  // namespace faultline
