// RunPages: gives the pages of a trace's runs dense numbers: what replacement alone needs to know
// of a trace.
//
// The pages of all processes are numbered together, as they come. Memory: TracePageIds', and one
// block. Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "faultline/page_run.h"
#include "sim/replay/curve_maker.h"
#include "sim/replay/page_ids.h"
#include "sim/replay/trace_page_ids.h"

namespace faultline::replay {

// Runs of references to pages: a run with a count of 0 is one reference, as is one with 1.
struct NumberedRuns {
  std::span<const PageRun> runs{};
  // Of their pages, by PageRun::page(); empty: that is the number.
  std::span<const uint32_t> numbers{};
  uint64_t pages = 0;     // all numbers are below
  uint64_t distinct = 0;  // pages that have one, of all blocks so far

  uint32_t number_of(PageRun run) const {
    return numbers.empty() ? run.page() : numbers[run.page()];
  }
  // Calls `use` with a function that does that, for loops over many runs: which of the two it is
  // need not be asked for each.
  template <class Use>
  void with_number_of(Use use) const {
    if (numbers.empty())
      use([](PageRun run) { return run.page(); });
    else
      use([all = numbers.data()](PageRun run) { return all[run.page()]; });
  }
};

// Of a run as NumberedRuns has them.
inline uint64_t references_of(PageRun run) { return run.count() + (run.count() == 0 ? 1 : 0); }

class RunPages {
 public:
  explicit RunPages(PageShape shape) : shape_(shape) {}

  // In place of a number: no run references it.
  static constexpr uint32_t kBeyond = PageIds::kNone;

  // What the runs of the block reference; its call is passed over. Valid until the next call, and
  // as long as the block is. REQUIRES: all blocks come with numbers of their pages, or none does;
  // a block by number has no pages but of user space, and the shape's are of its size.
  NumberedRuns number(const PageRunBlock& block);

 private:
  bool find_numbers(const PageRunBlock& block);
  bool take_numbers(const PageRunBlock& block);

  // Copies the runs that are references, where not all are: an access ends at its first page beyond
  // user space, and one that goes on on its next page references that one only if it is another.
  void copy_references(std::span<const PageRun> runs);

  const PageShape shape_;
  TracePageIds own_{};  // where blocks come without numbers, or of smaller pages
  uint64_t pages_ = 0;  // as NumberedRuns'
  uint64_t distinct_ = 0;
  std::vector<uint32_t> numbers_{};  // by the index of a block's page
  std::vector<PageRun> copied_{};
  uint32_t top_ = kBeyond;  // the page referenced last
  bool failed_ = false;     // the last access, before its end
};

}  // namespace faultline::replay
