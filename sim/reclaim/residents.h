// Residents: which page each frame holds, and which frame each page is in, as a policy is told.
//
// Units: frames by Pfn, pages by PageId. Memory: 4 bytes a frame and 4 a page up to the highest
// ever held. Invariants, checked by validate():
//   1. a page that is in a frame is the page that the frame holds
//   2. size() equals the number of frames that hold a page
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "faultline/policy.h"
#include "faultline/types.h"
#include "sim/base/check.h"

namespace faultline::reclaim {

class Residents {
 public:
  // REQUIRES: the frame holds no page, the page is in no frame.
  void insert(Pfn frame, PageId page) {
    FL_CHECK(frame != kNoPfn && page != kNoPage);
    if (frame.value >= pages_.size()) pages_.resize(frame.value + size_t{1}, kNoPage);
    if (page.value >= frames_.size()) frames_.resize(page.value + size_t{1}, kNoPfn);
    FL_CHECK(pages_[frame.value] == kNoPage && frames_[page.value] == kNoPfn);
    pages_[frame.value] = page;
    frames_[page.value] = frame;
    ++size_;
  }
  // Returns the page that was there. REQUIRES: the frame holds a page.
  PageId remove(Pfn frame) {
    FL_CHECK(frame.value < pages_.size() && pages_[frame.value] != kNoPage);
    const PageId page = pages_[frame.value];
    pages_[frame.value] = kNoPage;
    frames_[page.value] = kNoPfn;
    --size_;
    return page;
  }
  // REQUIRES: the frame holds a page.
  PageId page_in(Pfn frame) const { return pages_[frame.value]; }
  // kNoPfn: the page is in none.
  Pfn frame_of(uint32_t page) const { return page < frames_.size() ? frames_[page] : kNoPfn; }
  uint64_t size() const { return size_; }

  void validate() const {
    uint64_t held = 0;
    for (uint32_t i = 0; i < pages_.size(); ++i) {
      if (pages_[i] == kNoPage) continue;
      ++held;
      FL_CHECK_MSG(frame_of(pages_[i].value) == Pfn{i}, "page {} is not in frame {} that holds it",
                   pages_[i].value, i);  // 1
    }
    FL_CHECK_MSG(held == size_, "{} frames hold a page, {} counted", held, size_);  // 2
  }

 private:
  std::vector<PageId> pages_;  // by Pfn; kNoPage: none
  std::vector<Pfn> frames_;    // by PageId; kNoPfn: none
  uint64_t size_ = 0;
};

}  // namespace faultline::reclaim
