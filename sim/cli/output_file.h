// OutputFile: a file that a command writes beside its report. What was there before stays until all
// is written; "-" is standard output.
//
// What cannot be written is noticed once, and the rest is dropped. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/trace_writer.h"
#include "sim/cli/exit_status.h"
#include "sim/trace/byte_sink.h"

namespace faultline::cli {

class OutputFile {
 public:
  // Begins the file that `option` names. False: it cannot be, or it is one of `inputs`, which would
  // be lost; said already.
  bool open(std::string_view option, const std::string& name,
            const std::vector<std::string>& inputs);
  bool is_open() const { return sink_ != nullptr; }
  void write(std::string_view text);
  // The file gets its name. If some of it could not be written, that is said, and the status is not
  // kDone; a reader that has had what it wanted is no error. REQUIRES: is_open(); called once.
  ExitStatus finish();

 private:
  std::unique_ptr<trace::ByteSink> sink_;
  std::optional<TraceWriteError> failure_;
};

}  // namespace faultline::cli
