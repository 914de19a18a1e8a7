// SwapSlots: what an address space asks of the swap area when it copies or drops an entry of a page
// that was swapped out. Linux: swap_duplicate() and free_swap_and_cache() of mm/swapfile.c.
//
// Reclaim, which stands above the address spaces, implements it.
#pragma once

#include <cstdint>

namespace faultline::rmap {

class SwapSlots {
 public:
  virtual ~SwapSlots() = default;
  // One PTE more holds the slot. REQUIRES: in use.
  virtual void get_slot(uint32_t slot) = 0;
  // One PTE less; the last one frees the slot. REQUIRES: in use.
  virtual void put_slot(uint32_t slot) = 0;
};

}  // namespace faultline::rmap
