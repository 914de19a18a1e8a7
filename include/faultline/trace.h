// Reading address traces: one reader for every format, compressed or not, files or standard input.
//
// Thread safety: a reader belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/access.h"
#include "faultline/input_error.h"
#include "faultline/page_run.h"
#include "faultline/result.h"
#include "faultline/trace_call.h"

namespace faultline {

// A piece of a trace: what one task accessed, and the call that was made after that.
struct TraceBlock {
  std::span<const Access> accesses{};  // of `task`, in order
  TraceTask task{};
  const TraceCall* call = nullptr;  // null: none was made between these accesses and the next
  // Nothing is left of the trace.
  bool end() const { return accesses.empty() && call == nullptr; }
};

class TraceReader {
 public:
  virtual ~TraceReader() = default;
  // The format's name, as --format takes it.
  virtual std::string_view format() const = 0;
  // Whether the trace says what its program mapped: if so, it holds calls, and an access outside
  // the mappings that they make is one that the program should not have made.
  virtual bool has_calls() const { return false; }
  // What comes next in the trace, or its end. Valid until the next call. Errors: what is malformed,
  // with its place. What stands before it has all been handed out; no more will follow.
  virtual Result<TraceBlock, InputError> next_block() = 0;
  // The same trace as page runs, for a reader whose format holds such; null for others. Instead of
  // next_block(), not as well as it; it belongs to the reader.
  virtual PageRunReader* page_runs() { return nullptr; }
};

struct TraceOptions {
  std::string format{};  // empty: detected from the content
};

// Opens `files` ("-" is standard input), read one after another as one trace.
// Errors: a file cannot be opened or is a directory; the format is not known, or cannot be told
// from the content.
Result<std::unique_ptr<TraceReader>, InputError> open_trace(const std::vector<std::string>& files,
                                                            const TraceOptions& options);

// The formats that can be read, with what each holds.
struct TraceFormat {
  std::string_view name;
  std::string_view description;
};
std::span<const TraceFormat> trace_formats();

}  // namespace faultline
