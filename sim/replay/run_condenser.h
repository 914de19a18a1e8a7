// RunCondenser: makes a block of page runs shorter, for machines that evict the page whose last
// reference is oldest (LRU), or whose next one is farthest (OPT; RunMachine::condenser_limits says
// why), or none.
//
// Programs use a few pages over and over. As long as all references go to pages that were used not
// long ago, they are hits whose order among themselves nobody can tell from: each finds its page in
// the first level of the TLB, and only the last reference to each page has its place in the order
// of use, which matters when another page comes. So between two references to other pages
// ("strangers") there is one reference to each page, in the order of the last ones, and the others
// are counted. That is exact for every memory of frames_min frames or more:
//
//   - A recent page is in its set of the first level: what is recent is kept by the same sets, and
//     the oldest of a set makes room.
//   - It is in memory: fewer than frames_min other pages were referenced since. Those are recent
//     ones, or strangers that came since; so pages that were not used for a number of strangers are
//     recent no more.
//
// After Kaplan, Smaragdakis, Wilson, "Trace Reduction for Virtual Memory Simulations" (SIGMETRICS
// 1999), whose rule is about memory alone.
//
// Units: runs of pages of 1 << kPageRunShift bytes. Memory: one block. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "faultline/page_run.h"
#include "faultline/stats.h"
#include "sim/replay/page_tlb.h"

namespace faultline::replay {

// What runs are condensed for.
struct CondenserLimits {
  PageTlb::Sets first[2]{};  // the first levels, by TlbSide
  unsigned shift = 0;        // what a page of runs has to be shifted by to be the machine's
  uint64_t user_pages = 0;   // of the machine: pages from this number on are not the program's
  uint64_t frames_min = 0;   // of all machines with these first levels

  // Whether they are of one kind of machine, which may differ in frames_min.
  bool alike(const CondenserLimits& other) const;
};

struct CondensedRuns {
  std::vector<PageRun> runs{};  // one reference each; a store may stand for loads as well
  uint64_t hits[2]{};           // by TlbSide: references left out, all found in the first level
  AccessStats accesses{};       // what the block counted by kind
};

// Where blocks come condensed from.
class CondensedSource {
 public:
  virtual ~CondensedSource() = default;
  // Whether the block that was read last was tried.
  virtual bool tried() const = 0;
  // That block, in full; null: it is better replayed as it is. Valid as long as the block.
  // REQUIRES: tried().
  virtual const CondensedRuns* condensed() const = 0;
};

class RunCondenser {
 public:
  static constexpr uint64_t kFramesMin = 16;
  // Whether it refers to so many pages that making it shorter is not worth while.
  static bool has_many_pages(const PageRunBlock& block) {
    constexpr size_t kRunsPerPage = 16;
    return block.pages.size() * kRunsPerPage > block.runs.size() + kFewRuns;
  }

  // REQUIRES: limits.frames_min >= kFramesMin.
  explicit RunCondenser(const CondenserLimits& limits);

  // False: `block` is better replayed as it is. That depends on the block alone: whoever condenses
  // it, and whenever, comes to the same. O(runs).
  bool condense(const PageRunBlock& block, CondensedRuns& condensed);

 private:
  static constexpr size_t kFewRuns = 8192;
  static constexpr size_t kSlots = 64;  // of a side, at most; code's begin there
  static constexpr size_t kStores = 2 * kSlots;
  static constexpr uint8_t kStranger = 0xff;

  // Where the recent pages of a side are.
  struct Side {
    uint32_t set_mask = 0;
    uint32_t ways = 0;
  };

  static Side make_side(PageTlb::Sets sets);
  bool fits(const PageRunBlock& block) const;
  void begin(const PageRunBlock& block);
  void take_runs(std::span<const PageRun> runs, size_t begin, size_t end);
  size_t find_used(std::span<uint64_t, 2 * kSlots> used) const;
  void write_recent();
  void know(uint32_t page, TlbSide side, uint8_t slot);
  void meet(uint32_t page, TlbSide side, uint32_t position);
  size_t oldest() const;
  void forget(size_t slot);
  void forget_old(uint32_t position);
  uint64_t number_of(uint32_t page) const { return pages_[page] >> limits_.shift; }
  TlbSide side_at(size_t slot) const { return slot < kSlots ? TlbSide::kData : TlbSide::kCode; }
  uint32_t last_of(size_t slot) const {
    return slot < kSlots ? std::max(last_[slot], last_[kStores + slot]) : last_[slot];
  }
  // A run's word without its count.
  static size_t key_of(PageRun run) { return run.word >> PageRun::kCountBits; }

  const CondenserLimits limits_;
  const Side sides_[2];           // by TlbSide
  const uint64_t recent_max_;     // recent pages
  const uint64_t strangers_max_;  // from one forget_old() to the next

  std::span<const uint64_t> pages_{};
  PageRun* out_ = nullptr;  // where the next run is written
  AccessStats accesses_{};  // of the block
  uint64_t further_[2]{};   // by TlbSide: references to further pages of an access
  // By key_of: a slot, behind kStores where the kind is one that stores; kStranger: not recent.
  std::vector<uint8_t> slot_of_{};
  // By slot:
  std::array<uint32_t, 2 * kSlots> page_{};  // its index in the block
  // The positions of its last run, from 1, and at kStores + slot of the last that stored; 0: none.
  std::array<uint32_t, kStores + kSlots> last_{};
  uint64_t recent_ = 0;      // pages
  uint32_t stranger_ = 0;    // the position of the last one
  uint64_t strangers_ = 0;   // since forget_old()
  uint32_t old_before_ = 0;  // the position at the last forget_old()
};

}  // namespace faultline::replay
