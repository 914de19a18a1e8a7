// PageOut: gives up pages that a process says it will not need soon (MADV_PAGEOUT), whatever the
// policy thinks of them. Linux's reclaim_pages() of mm/vmscan.c.
//
// A clean page of a file goes; a dirty one is unmapped and stays in the cache. An anonymous page
// goes to swap where there is a swap area, and stays where there is none, unless MADV_FREE gave it
// up before. Owns nothing; all parts outlive it. Not thread-safe.
#pragma once

#include "faultline/types.h"
#include "sim/cache/page_cache.h"
#include "sim/hw/tlb_gather.h"
#include "sim/phys/frame_table.h"
#include "sim/reclaim/swap_out.h"
#include "sim/rmap/reverse_map.h"

namespace faultline::reclaim {

// Whether the page in `pfn` may be dropped as it is: MADV_FREE gave it up, and nobody has stored to
// it since; or it is of a MAP_DROPPABLE mapping. Source: Linux mm/rmap.c try_to_unmap_one(),
// folio_test_swapbacked().
bool may_discard(const phys::FrameTable& frames, const rmap::ReverseMap& reverse_map, Pfn pfn);

class PageOut {
 public:
  struct Parts {
    phys::FrameTable& frames;
    rmap::ReverseMap& reverse_map;
    cache::PageCache& cache;
    SwapOut* swap;  // null: there is no swap area
  };
  explicit PageOut(const Parts& parts) : parts_(parts) {}

  // Gives up the page in `pfn` if it can be. What the TLB must forget is added to `gather`.
  // REQUIRES: an anonymous page that is mapped, or a page of a page cache.
  // Source: Linux mm/vmscan.c shrink_folio_list(), 6.18.
  void page_out(Pfn pfn, hw::TlbGather& gather);

 private:
  void page_out_file_page(Pfn pfn, hw::TlbGather& gather);
  void page_out_anon_page(Pfn pfn, hw::TlbGather& gather);

  Parts parts_;
};

}  // namespace faultline::reclaim
