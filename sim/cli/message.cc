#include "sim/cli/message.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace faultline::cli {

ExitStatus fail(const InputError& error, ExitStatus status) {
  print_error(error.to_string());
  return status;
}

ExitStatus fail(const TraceWriteError& error, ExitStatus reader_gone) {
  if (error.cause == TraceWriteError::Cause::kReaderGone) return reader_gone;
  print_error(error.error.to_string());
  return error.cause == TraceWriteError::Cause::kOutput ? ExitStatus::kResource
                                                        : ExitStatus::kBadInput;
}

bool colour_on_stderr() {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && no_color[0] != '\0') return false;
  return isatty(STDERR_FILENO) == 1;
}

void print_error(std::string_view text) {
  const bool colour = colour_on_stderr();
  const std::string line =
      fmt::format("{}faultline:{} {}\n", colour ? "\033[1;31m" : "", colour ? "\033[0m" : "", text);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace faultline::cli
