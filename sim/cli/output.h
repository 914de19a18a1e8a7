// Output: standard output, and what became of it. What cannot be written is noticed once and the
// rest is dropped.
//
// A reader that closes its end of a pipe (`| head`) has had what it wanted: that is no error, and
// ends the program without a word, status 0. Any other failure (a full disk, a closed descriptor)
// is told on standard error, status 3.
//
// Ownership: the FILE is the caller's. Not thread-safe.
#pragma once

#include <cstdio>
#include <string_view>

#include "sim/cli/exit_status.h"

namespace faultline::cli {

class Output {
 public:
  explicit Output(std::FILE* file) : file_(file) {}

  // False: it cannot be written; no more need be.
  bool write(std::string_view text);
  // Writes what is buffered and says so if any of it was lost. `status` where all is well, else the
  // program's status.
  ExitStatus finish(ExitStatus status);

 private:
  std::FILE* file_;
  int error_ = 0;  // errno of the first failure
};

}  // namespace faultline::cli
