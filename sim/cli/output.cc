#include "sim/cli/output.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "sim/cli/message.h"

namespace faultline::cli {

bool Output::write(std::string_view text) {
  if (error_ != 0) return false;
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) error_ = errno;
  return error_ == 0;
}

ExitStatus Output::finish(ExitStatus status) {
  if (error_ == 0 && std::fflush(file_) != 0) error_ = errno;
  if (error_ == 0) return status;
  if (error_ == EPIPE) return ExitStatus::kDone;
  print_error(std::string("standard output: ") + std::strerror(error_));
  return ExitStatus::kResource;
}

}  // namespace faultline::cli
