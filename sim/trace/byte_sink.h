// ByteSink: where the bytes of a trace go that is written: a file, a pipe, a compressor. The part
// that write(2) plays for a program.
//
// Units: bytes. Threads: a sink belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "faultline/result.h"
#include "faultline/trace_writer.h"

namespace faultline::trace {

using Written = Result<void, TraceWriteError>;

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Errors: what cannot be written. Nothing can be written after one.
  virtual Written write(std::string_view bytes) = 0;
  // Writes what is held back, and ends the output: a file gets its name. REQUIRES: called once, and
  // nothing is written after it.
  virtual Written finish() = 0;
};

// Output to `file` ("-" is standard output), as trace_writer.h says.
// Errors: it cannot be created.
Result<std::unique_ptr<ByteSink>, TraceWriteError> create_file_sink(const std::string& file);

}  // namespace faultline::trace
