// Page runs: a trace with all of its stretches of accesses to one page, of one kind, as one record
// each. What a replay needs of a trace, exactly, in 4 bytes a run: the faults, the dirty pages, the
// counts of accesses by kind, and the order of all references.
//
// Units: pages of 1 << kPageRunShift bytes. Plain values.
#pragma once

#include <cstdint>
#include <span>

#include "faultline/access.h"
#include "faultline/input_error.h"
#include "faultline/result.h"
#include "faultline/trace_call.h"

namespace faultline {

inline constexpr unsigned kPageRunShift = 12;
inline constexpr uint64_t kPageRunBytes = uint64_t{1} << kPageRunShift;

// `count` accesses of one kind to one page, with nothing between them. A count of 0 is the
// reference that the access before makes to its next page, as it straddles two: a reference, and no
// access.
struct PageRun {
  static constexpr unsigned kPageBits = 20;
  static constexpr unsigned kKindBits = 2;
  static constexpr unsigned kCountBits = 10;
  static constexpr uint32_t kPagesMax = 1 << kPageBits;  // of a block
  static constexpr uint32_t kCountMax = (1 << kCountBits) - 1;

  uint32_t word = 0;

  static constexpr PageRun make(uint32_t page, AccessKind kind, uint32_t count) {
    return {page << (kKindBits + kCountBits) | uint32_t(kind) << kCountBits | count};
  }
  // The index of the page in PageRunBlock::pages, or its number: PageRunBlock::by_number.
  constexpr uint32_t page() const { return word >> (kKindBits + kCountBits); }
  constexpr AccessKind kind() const {
    return AccessKind(word >> kCountBits & ((1U << kKindBits) - 1));
  }
  constexpr uint32_t count() const { return word & kCountMax; }
};
static_assert(sizeof(PageRun) == 4);

// A piece of a trace, as TraceBlock is.
struct PageRunBlock {
  // The pages of the runs, each once; numbers are addresses >> kPageRunShift. Where `by_number`,
  // those that no block before had are enough.
  std::span<const uint64_t> pages{};
  std::span<const PageRun> runs{};  // of `task`, in order; does not begin with a count of 0
  TraceTask task{};
  const TraceCall* call = nullptr;  // null: none was made between these runs and the next
  // By index, what number each of `pages` has among all pages of all processes in the trace, dense,
  // from 0; empty: they have none.
  std::span<const uint32_t> numbers{};
  // Whether PageRun::page() is such a number, and not the index.
  bool by_number = false;
  bool end() const { return runs.empty() && call == nullptr; }
};

class PageRunReader {
 public:
  virtual ~PageRunReader() = default;
  // As TraceReader::next_block.
  virtual Result<PageRunBlock, InputError> next_page_runs() = 0;
};

}  // namespace faultline
