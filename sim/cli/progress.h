// Progress: how far a replay is, on one line of standard error that is written over and over:
//
//     12,345,678 accesses, 45.2 M/s
//
// Ownership: the FILE is the caller's. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>

#include "sim/cli/commands.h"

namespace faultline::cli {

class Progress {
 public:
  explicit Progress(std::FILE* out);
  // Takes the line away again.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Writes the line anew, ten times a second at most.
  void update(uint64_t accesses);

 private:
  using Clock = std::chrono::steady_clock;

  std::FILE* out_;
  Clock::time_point start_;
  Clock::time_point next_;
  bool shown_ = false;
};

// Whether the line is to be shown, as the user and standard error have it.
bool wants_progress(ShowProgress show);

}  // namespace faultline::cli
