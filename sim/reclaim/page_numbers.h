// PageNumbers: gives pages their PageIds (faultline/policy.h): small numbers, the same whenever a
// page comes back.
//
// A page whose number is in memory already, under another frame, gets a new one: after fork() the
// parent's copy is a page of its own, and what the child keeps has the old number. The old number
// then names no page any more, and is given out again once its frame is free. So is that of a frame
// taken for no page that is known.
//
// Memory: 25 to 33 bytes a page. Invariants, checked by validate():
//   1. every number in use is the resident page of exactly one frame
//   2. the table finds each number that is not a stray one, by its key
// Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "faultline/policy.h"
#include "faultline/types.h"
#include "sim/cache/frame_source.h"

namespace faultline::reclaim {

class PageNumbers {
 public:
  PageNumbers();

  // The number under which the page would come in now. Expected O(1).
  PageId find_or_make(cache::PageKey key);
  // A number for a page that nobody knows.
  PageId make_stray();

  // `page` is in `frame`. REQUIRES: neither is taken.
  void on_insert(Pfn frame, PageId page);
  // REQUIRES: a page is in `frame`.
  void on_remove(Pfn frame);
  // REQUIRES: a page is in `frame`.
  PageId page_in(Pfn frame) const { return page_in_[frame.value]; }

  void validate() const;

 private:
  enum State : uint8_t { kResident = 1, kStray = 2 };

  uint64_t find_slot(cache::PageKey key) const;
  PageId make(cache::PageKey key, uint8_t state);
  void grow();

  std::vector<uint32_t> slots_;       // number + 1; 0: none. Linear probing
  std::vector<cache::PageKey> keys_;  // by number
  std::vector<uint8_t> states_;       // by number
  std::vector<PageId> page_in_;       // by Pfn; kNoPage: none
  std::vector<PageId> free_;          // strays that are not resident
  uint64_t slots_used_ = 0;
};

}  // namespace faultline::reclaim
