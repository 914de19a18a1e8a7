// PinnedPage: keeps a frame from being freed, and reclaim from taking its page, while the kernel is
// at work on it. A reference to the frame, as get_page() and put_page() of Linux.
//
// Ownership: one reference. The allocator outlives it. Not thread-safe.
#pragma once

#include "faultline/types.h"
#include "sim/phys/frame_allocator.h"

namespace faultline::cache {

class PinnedPage {
 public:
  // REQUIRES: the frame is in use.
  PinnedPage(phys::FrameAllocator& allocator, Pfn pfn) : allocator_(allocator), pfn_(pfn) {
    allocator_.get(pfn_);
  }
  ~PinnedPage() { allocator_.put(pfn_); }
  PinnedPage(const PinnedPage&) = delete;
  PinnedPage& operator=(const PinnedPage&) = delete;

 private:
  phys::FrameAllocator& allocator_;
  Pfn pfn_;
};

}  // namespace faultline::cache
