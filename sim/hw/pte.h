// Pte: one page-table entry, present (a frame and its rights) or not (nothing, or where the page
// was swapped to).
//
// Entries that are not present hold no hardware meaning: bit 1 set marks a swap entry, whose slot
// is in the upper 32 bits. Source: Intel SDM vol. 3A, table 4-20; Linux
// arch/x86/include/asm/pgtable_64.h (swap entries).
#pragma once

#include <cstdint>

#include "faultline/types.h"
#include "sim/hw/paging_format.h"

namespace faultline::hw {

struct Pte {
  uint64_t raw = 0;

  bool none() const { return raw == 0; }
  bool present(const PteLayout& l) const { return (raw & l.present) != 0; }
  bool writable(const PteLayout& l) const { return (raw & l.write) != 0; }
  bool accessed(const PteLayout& l) const { return (raw & l.accessed) != 0; }
  bool dirty(const PteLayout& l) const { return (raw & l.dirty) != 0; }
  bool executable(const PteLayout& l) const { return (raw & l.no_execute) == 0; }
  Pfn pfn(const PteLayout& l) const { return {uint32_t((raw & l.pfn_mask) >> l.pfn_shift)}; }

  // A leaf entry for user pages. Not accessed, not dirty: the processor sets these.
  static Pte make(const PteLayout& l, Pfn pfn, bool write, bool execute) {
    return {l.present | l.user | (write ? l.write : 0) | (execute ? 0 : l.no_execute) |
            (uint64_t{pfn.value} << l.pfn_shift)};
  }

  static Pte make_swap(uint32_t slot) { return {uint64_t{slot} << 32 | 2}; }
  // REQUIRES: not present.
  bool is_swap() const { return (raw & 2) != 0; }
  uint32_t swap_slot() const { return uint32_t(raw >> 32); }

  friend bool operator==(Pte, Pte) = default;
};

}  // namespace faultline::hw
