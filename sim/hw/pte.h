// Pte: one page-table entry, present (a frame and its rights) or not (nothing, or where the page
// was swapped to).
//
// Entries that are not present hold no hardware meaning. Bit 1 set marks a swap entry, whose slot
// is in the upper 32 bits. Bit 2 set marks an entry of a PROT_NONE mapping, which keeps its frame
// (upper 32 bits) and its accessed and dirty bits (bits 3 and 4): Linux's _PAGE_PROTNONE. Bit 5 set
// marks a guard: Linux's PTE_MARKER_GUARD.
// These are the same in every format, and of 64 bits where its entries have 32: no processor looks
// at them. Source: Intel SDM vol. 3A, table 4-20; Linux arch/x86/include/asm/pgtable_64.h (swap
// entries) and pgtable_types.h. A plain value; any thread may use it.
#pragma once

#include <cstdint>

#include "faultline/types.h"
#include "sim/hw/paging_format.h"

namespace faultline::hw {

struct Pte {
  uint64_t raw = 0;

  // Nothing is here and nothing is remembered: pte_none().
  bool none() const { return raw == 0; }
  bool present(const PteLayout& l) const { return (raw & l.present) != 0; }
  bool writable(const PteLayout& l) const { return (raw & l.write) != 0; }
  bool accessed(const PteLayout& l) const { return (raw & l.accessed) != 0; }
  bool dirty(const PteLayout& l) const {
    return (raw & l.dirty) != 0 || (l.read_only != 0 && (raw & (l.write | l.read_only)) == l.write);
  }
  bool executable(const PteLayout& l) const {
    return (raw & (l.execute | l.no_execute)) == l.execute;
  }
  Pfn pfn(const PteLayout& l) const {
    return {static_cast<uint32_t>((raw & l.pfn_mask) >> l.pfn_shift)};
  }

  // A leaf entry for user pages. Not accessed, not dirty: the processor sets these.
  static Pte make(const PteLayout& l, Pfn pfn, bool write, bool execute) {
    return {l.present | l.user | l.leaf | l.read_only | (write ? l.write : 0) |
            (execute ? l.execute : l.no_execute) | (uint64_t{pfn.value} << l.pfn_shift)};
  }

  // The same entry, changed. REQUIRES, each: present.
  Pte with_accessed(const PteLayout& l) const { return {raw | l.accessed}; }
  Pte without_accessed(const PteLayout& l) const { return {raw & ~l.accessed}; }
  Pte with_dirty(const PteLayout& l) const {
    return {(writable(l) ? raw & ~l.read_only : raw) | l.dirty};
  }
  Pte with_write(const PteLayout& l) const {
    return {((raw & l.dirty) != 0 ? raw & ~l.read_only : raw) | l.write};
  }
  // What was dirty stays so. Source: Linux arch/arm64/include/asm/pgtable.h pte_wrprotect().
  Pte without_write(const PteLayout& l) const {
    return {(raw & ~l.write) | l.read_only | (dirty(l) ? l.dirty : 0)};
  }

  // The entry of a page whose contents are in a slot of the swap device. Not present.
  static Pte make_swap(uint32_t slot) { return {uint64_t{slot} << 32 | 2}; }
  // REQUIRES: not present.
  bool is_swap() const { return (raw & 2) != 0; }
  uint32_t swap_slot() const { return static_cast<uint32_t>(raw >> 32); }

  // An entry that keeps its frame but grants nothing: what mprotect(PROT_NONE) leaves of a page.
  static Pte make_prot_none(Pfn pfn, bool was_accessed, bool was_dirty) {
    return {uint64_t{pfn.value} << 32 | 4 | (was_accessed ? 8u : 0u) | (was_dirty ? 16u : 0u)};
  }
  // REQUIRES, each: not present.
  bool is_prot_none() const { return (raw & 4) != 0; }
  Pfn prot_none_pfn() const { return {static_cast<uint32_t>(raw >> 32)}; }
  bool prot_none_accessed() const { return (raw & 8) != 0; }
  bool prot_none_dirty() const { return (raw & 16) != 0; }

  // An entry that refuses every access: what MADV_GUARD_INSTALL leaves. It holds nothing.
  static Pte make_guard() { return {32}; }
  // REQUIRES: not present.
  bool is_guard() const { return (raw & 32) != 0; }

  friend bool operator==(Pte, Pte) = default;
};

}  // namespace faultline::hw
