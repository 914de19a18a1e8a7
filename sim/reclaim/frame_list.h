// FrameList: frames in an order, each at most once: a doubly linked list that lies in two flat
// arrays. Linux's LRU lists (struct lruvec) without their locks.
//
// Units: frames by Pfn. Memory: 8 bytes a frame up to the highest ever held.
// Invariants, checked by validate():
//   1. going forward from the first frame meets size() frames, each whose `previous` is the one
//      before it
//   2. no other frame is marked as held
// Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "faultline/types.h"

namespace faultline::reclaim {

class FrameList {
 public:
  // The first frame; kNoPfn when empty.
  Pfn first() const { return first_; }
  // The frame after `frame`; kNoPfn at the end. REQUIRES: holds(frame).
  Pfn next(Pfn frame) const;
  bool holds(Pfn frame) const;
  uint64_t size() const { return size_; }

  // REQUIRES: !holds(frame).
  void push_back(Pfn frame);
  // REQUIRES: holds(frame).
  void remove(Pfn frame);

  void validate() const;

 private:
  friend struct FrameListTestPeer;
  // A frame that is not held is its own `previous`, which no frame of a list is.
  struct Links {
    Pfn previous = kNoPfn;
    Pfn next = kNoPfn;
  };

  std::vector<Links> links_;
  Pfn first_ = kNoPfn;
  Pfn last_ = kNoPfn;
  uint64_t size_ = 0;
};

}  // namespace faultline::reclaim
