// RunBuilder: collapses accesses into page runs (page_run.h), a block of them at a time.
//
// Units: pages of 1 << kPageRunShift bytes. Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "faultline/access.h"
#include "faultline/page_run.h"

namespace faultline::trace {

// The most pages that one access touches.
inline constexpr std::size_t kAccessPagesMax = (kAccessSizeMax >> kPageRunShift) + 1;

class RunBuilder {
 public:
  // A block holds `runs_max` runs at most. REQUIRES: 2 * kAccessPagesMax <= runs_max <=
  // PageRun::kPagesMax.
  explicit RunBuilder(std::size_t runs_max);

  // Takes accesses from the front while there is room for them; how many. 0: the block is full.
  std::size_t add(std::span<const Access> accesses);
  // Takes runs in the same way; never parts an access from its further pages. `pages` is theirs.
  std::size_t add_runs(std::span<const uint64_t> pages, std::span<const PageRun> runs);
  // The next access begins a run, whatever it is.
  void end_run() { base_ = kNoBase; }

  std::span<const PageRun> runs() const { return {runs_.data(), size_}; }
  // The pages of the runs, in the order of their first run.
  std::span<const uint64_t> pages() const { return pages_; }
  // Begins a new block.
  void clear();

 private:
  // No run's word without its count.
  static constexpr uint32_t kNoBase = 1;
  static constexpr std::size_t kRecentPages = 1024;

  std::size_t room() const { return runs_max_ - size_; }
  std::size_t add_within_pages(std::span<const Access> accesses);
  void add_straddling(const Access& access);
  void add_run(uint64_t page, AccessKind kind, uint32_t count);
  uint32_t index_of(uint64_t page);
  uint32_t find_or_add(uint64_t page);

  const std::size_t runs_max_;
  std::vector<PageRun> runs_;  // of runs_max_
  std::size_t size_ = 0;
  uint32_t base_ = kNoBase;  // the last run's word without its count
  uint32_t count_ = 0;       // of the last run
  std::vector<uint64_t> pages_{};
  // Pages to indices: those used lately, each in the slot of its lowest bits, before a hash table.
  struct Recent {
    uint64_t page;
    uint32_t index;
  };
  std::array<Recent, kRecentPages> recent_;
  std::vector<uint32_t> table_;         // index + 1, 0 for none; open addressing
  std::vector<uint32_t> used_slots_{};  // of table_, to clear it by
};

}  // namespace faultline::trace
