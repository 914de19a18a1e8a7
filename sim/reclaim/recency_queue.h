// RecencyQueue: frames by the position of their last reference, the oldest first, without being
// told of any reference.
//
// Now and then the frames are put in order by their positions. The first of them whose position is
// still the one it was ordered by is the oldest of all: what was referenced since, and what came
// since, is younger than everything that was ordered. Frames that turn out to have been referenced
// are put by until the ordered ones are used up, and then are put in order again, with those that
// came. Each of them costs a reference, or came, so that taking the oldest costs O(log frames)
// amortised over references.
// Frames with equal positions (pages read ahead, never referenced) come out in the order they were
// added.
//
// All are in one array of four parts:
//     referenced since | nothing | ordered, the oldest first | added since
//     0                kept_     next_                       sorted_
// A frame that leaves from elsewhere than the front leaves its entry empty.
//
// Units: frames by Pfn; positions as FrameView::last_reference gives them, which only grow: a frame
// that is added has none below those that were ordered (a victim that could not be evicted after
// all has one: it waits for the next ordering).
// Invariants, checked by validate():
//   1. every held frame has exactly one entry, and places_ says where
//   2. the parts follow each other, and the second has no frame
//   3. size() equals the number of frames held
// Memory: 8 to 16 bytes a frame, and 32 while frames are put in order. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "faultline/policy.h"
#include "faultline/types.h"

namespace faultline::reclaim {

class RecencyQueue {
 public:
  // REQUIRES: not held.
  void add(Pfn frame);
  // REQUIRES: held. O(1).
  void remove(Pfn frame);
  // Removes, of the frames that are evictable, the one whose last reference is longest ago; kNoPfn
  // when there is none.
  Pfn take_oldest(FrameView& frames);

  uint64_t size() const { return size_; }
  void validate() const;

 private:
  friend struct RecencyQueueTestPeer;

  static constexpr uint32_t kNotHeld = ~uint32_t{0};
  static constexpr size_t kSlack = 64;

  void put(size_t place, Pfn frame);
  Pfn take_ordered(FrameView& frames);
  void put_back_passed();
  void put_in_order(FrameView& frames);
  // Keeps a program that maps and unmaps, and never fills memory, from growing the array for ever.
  void drop_empty_entries();

  std::vector<Pfn> entries_;      // kNoPfn: empty
  std::vector<uint32_t> places_;  // by Pfn: the index of its entry, or kNotHeld
  size_t kept_ = 0;
  size_t next_ = 0;
  size_t sorted_ = 0;
  uint64_t newest_ = 0;      // no frame that was ordered had a later position then
  std::vector<Pfn> passed_;  // ordered, but not evictable; empty between calls
  uint64_t size_ = 0;
};

}  // namespace faultline::reclaim
