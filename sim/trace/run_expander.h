// RunExpander: the accesses that page runs stand for, some at a time.
//
// An access of a run is one of one byte at the beginning of the page. One that straddles begins at
// the last byte of its first page and ends at the first byte of its last one. So runs that are made
// from these accesses are the same again.
//
// Ownership: the runs and their pages are the caller's. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "faultline/access.h"
#include "faultline/page_run.h"

namespace faultline::trace {

class RunExpander {
 public:
  // Expands from these on. REQUIRES: they are as PageRunBlock says; nothing is left of those
  // before.
  void begin(std::span<const uint64_t> pages, std::span<const PageRun> runs);
  // The next accesses, some thousands at most; none at the end. Valid until the next call.
  std::span<const Access> next();
  bool done() const { return runs_.empty(); }

 private:
  std::span<const uint64_t> pages_{};
  std::span<const PageRun> runs_{};  // not expanded yet
  uint32_t done_of_run_ = 0;         // accesses of the first of them, handed out already
  std::vector<Access> accesses_{};
};

}  // namespace faultline::trace
