// FrameAllocator: hands out free frames, the lowest number first, and can be empty. Linux's page
// allocator without its zones and orders. It never reclaims: when it is empty it says so, and the
// caller's caller decides.
//
// Owns: which frames are free. The FrameTable is told of every take and free. Not thread-safe.
// Invariants, checked by validate():
//   1. the bitmap of free frames and the count agree, and each bit of the tree says whether the
//   word
//      below it has one
//   2. a frame is free in the bitmap iff the FrameTable says it is not in use
//   3. no more than `capacity` frames are in use
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "faultline/types.h"
#include "sim/base/check.h"
#include "sim/phys/frame_table.h"

namespace faultline::phys {

// Told of every frame that is taken or freed: the reclaimer, which keeps the lists of what may be
// evicted.
class FrameListener {
 public:
  virtual ~FrameListener() = default;
  virtual void on_taken(Pfn pfn) = 0;
  // The frame's entry in the FrameTable still says what it was.
  virtual void on_freed(Pfn pfn) = 0;
};

class FrameAllocator {
 public:
  // `capacity`: how many frames there are besides the zero page; nothing: as many as a Pfn can
  // number.
  FrameAllocator(FrameTable& frames, std::optional<uint64_t> capacity);

  // The free frame with the lowest number, taken; nothing when all are in use. O(log of the frames
  // ever used).
  // Its refcount is 1.
  std::optional<Pfn> take();
  // One more user of the frame. The zero page is not counted. REQUIRES: in use.
  void get(Pfn pfn) {
    if (pfn == kZeroPagePfn) return;
    PageFrame& frame = frames_[pfn];
    FL_CHECK((frame.flags & kFrameInUse) != 0);
    ++frame.refcount;
  }
  // One user less; the last one frees the frame. The zero page is not counted. REQUIRES: in use;
  // mapcount < refcount.
  void put(Pfn pfn) {
    if (pfn == kZeroPagePfn) return;
    PageFrame& frame = frames_[pfn];
    FL_CHECK(frame.mapcount < frame.refcount);
    if (--frame.refcount == 0) free(pfn);
  }
  // Null: nobody is told.
  void set_listener(FrameListener* listener) { listener_ = listener; }

  uint64_t in_use() const { return in_use_; }
  uint64_t free_count() const { return capacity_ - in_use_; }
  uint64_t peak_in_use() const { return peak_in_use_; }
  // Whether take() would return nothing.
  bool empty() const { return in_use_ == capacity_; }

  // Stops the program when an invariant does not hold. O(frames).
  void validate() const;

 private:
  friend struct FrameAllocatorTestPeer;

  void free(Pfn pfn);
  void grow_tree(uint64_t word_count);
  void set_free_bit(uint32_t number);
  uint32_t take_lowest_free_bit();

  FrameTable& frames_;
  FrameListener* listener_ = nullptr;
  uint64_t capacity_;
  uint64_t in_use_ = 0;
  uint64_t peak_in_use_ = 0;
  // Frames 1 .. next_never_used_-1 have been used; those of them that are free are bits of a tree
  // of 64-bit words, level 0 the frames themselves, a bit of a higher level set iff the word below
  // has a bit set.
  uint32_t next_never_used_ = 1;
  std::vector<std::vector<uint64_t>> free_bits_;
};

}  // namespace faultline::phys
