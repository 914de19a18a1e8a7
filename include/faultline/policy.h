// The replacement policies: which frame is given up when memory is full.
//
// A policy knows frames alone: what page a frame holds is the reclaimer's matter. Frames are named
// by Pfn. A policy is told when a page enters a frame and when it leaves, and is asked for a
// victim. A policy of your own: one .cc in sim/reclaim/policies/ and one row of its table.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "faultline/types.h"

namespace faultline {

enum class PolicySees : uint8_t {
  kEveryAccess,   // exact; no processor can offer this
  kAccessedBits,  // what an operating system sees
  kNothing,       // the order in which pages came alone
};

// What a policy may ask about a frame while it chooses.
class FrameView {
 public:
  virtual ~FrameView() = default;
  // The position of the last reference to the page in the frame: larger is later, no two are equal.
  // For kEveryAccess alone.
  virtual uint64_t last_reference(Pfn frame) const = 0;
  // Whether any mapping of the frame was used since the last call; clears the accessed bits and
  // flushes the page from the TLB.
  virtual bool test_and_clear_accessed(Pfn frame) = 0;
  // False for frames that may not be given up now (locked in memory, or needed by the access under
  // way).
  virtual bool evictable(Pfn frame) const = 0;
};

class ReplacementPolicy {
 public:
  virtual ~ReplacementPolicy() = default;
  virtual PolicySees sees() const = 0;
  // False: the reference that brings a page in does not count as a use of it; its accessed bit is
  // cleared again when that reference is done. For kAccessedBits alone.
  virtual bool enters_referenced() const { return true; }
  // A page entered `frame`. REQUIRES: the policy does not hold `frame`.
  virtual void on_insert(Pfn frame) = 0;
  // The page in `frame` left without being chosen (munmap, exit). REQUIRES: the policy holds
  // `frame`.
  virtual void on_remove(Pfn frame) = 0;
  // Picks a frame to give up and forgets it; kNoPfn when none is evictable.
  virtual Pfn choose_victim(FrameView& frames) = 0;
  // The number of frames held.
  virtual uint64_t size() const = 0;
  // Stops the program when a numbered invariant of the policy does not hold.
  virtual void validate() const = 0;
};

}  // namespace faultline
