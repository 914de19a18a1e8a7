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
#include "faultline/result.h"

namespace faultline {

class TraceReader {
 public:
  virtual ~TraceReader() = default;
  // The format's name, as --format takes it.
  virtual std::string_view format() const = 0;
  // The next accesses, in the order of the trace; an empty block is the end. Valid until the next
  // call. Errors: what is malformed, with its place. The accesses before it have all been handed
  // out; no more will follow.
  virtual Result<std::span<const Access>, InputError> next_block() = 0;
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
