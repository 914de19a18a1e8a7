// RunWindow: --skip and --limit for page runs: cuts the blocks of a trace to the accesses that are
// to be replayed.
//
// Units: accesses. Memory: one block. Not thread-safe.
#pragma once

#include <cstdint>

#include "faultline/page_run.h"
#include "sim/replay/run_cutter.h"

namespace faultline::replay {

class RunWindow {
 public:
  RunWindow(uint64_t skip, uint64_t limit) : to_skip_(skip), left_(limit) {}

  // What of `block` is to be replayed; valid until the next call. An access goes with its
  // references to further pages. Its call stays.
  PageRunBlock cut(const PageRunBlock& block);
  // Whether a block of so many accesses is to be replayed from its first to its last; it counts as
  // cut then.
  bool pass(uint64_t accesses);
  // Nothing more is to be replayed.
  bool done() const { return left_ == 0; }
  // Accesses that cut() has let through.
  uint64_t passed() const { return passed_; }

 private:
  uint64_t to_skip_;
  uint64_t left_;
  uint64_t passed_ = 0;
  RunCutter cutter_;
};

}  // namespace faultline::replay
