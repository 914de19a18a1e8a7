// RecencyHeap: frames by the position of their last reference, the oldest first, without being told
// of any reference.
//
// Frames wait in a min-heap under the position that was last known; a frame that comes out with an
// old position has been referenced since, and goes back under the new one. Each reference costs at
// most one such return, so taking the oldest costs O(log frames) amortised over references.
// Frames with equal positions (pages read ahead, never referenced) come out in the order they were
// added.
//
// Units: frames by Pfn; positions as FrameView::last_reference gives them.
// Invariants, checked by validate():
//   1. every held frame has exactly one valid entry, in the heap or among the new ones
//   2. the heap is one
//   3. size() equals the number of frames held
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "faultline/policy.h"
#include "faultline/types.h"

namespace faultline::reclaim {

class RecencyHeap {
 public:
  // REQUIRES: not held.
  void add(Pfn frame);
  // REQUIRES: held.
  void remove(Pfn frame);
  // Removes, of the frames that are evictable, the one whose last reference is longest ago; kNoPfn
  // when there is none.
  Pfn take_oldest(FrameView& frames);

  uint64_t size() const { return size_; }
  void validate() const;

 private:
  friend struct RecencyHeapTestPeer;

  static constexpr uint64_t kNotHeld = 0;
  static constexpr size_t kSlack = 64;

  struct Entry {
    uint64_t position;  // of the last reference, as far as it was known
    uint64_t entered;   // the number of the entry: names this stay of the page, breaks ties
    Pfn frame;
  };

  static bool later(const Entry& a, const Entry& b) {
    return a.position != b.position ? a.position > b.position : a.entered > b.entered;
  }
  bool valid(const Entry& entry) const { return entered_[entry.frame.value] == entry.entered; }
  void push(const Entry& entry);
  Entry pop();
  // Keeps a program that maps and unmaps, and never fills memory, from growing the lists for ever.
  void drop_stale_entries();

  std::vector<uint64_t> entered_;  // by Pfn: the number of the valid entry, or kNotHeld
  std::vector<Entry> new_;         // came since the last choice
  std::vector<Entry> heap_;
  std::vector<Entry> set_aside_;  // empty between calls; kept for its memory
  uint64_t entries_ = 0;          // ever made
  uint64_t size_ = 0;
};

}  // namespace faultline::reclaim
