// MappingSpace: what layers below the address spaces may ask of one: to unmap a page, to clear its
// bits, to zap a file's range. Reclaim, write-back and truncation call up through it;
// mm::AddressSpace implements it.
//
// Whatever weakens a PTE is added to the gather. Linux: mm/rmap.c try_to_unmap_one(),
// page_mkclean_one(), folio_referenced_one(); mm/memory.c unmap_mapping_range().
#pragma once

#include <cstdint>

#include "faultline/types.h"
#include "sim/hw/pte.h"
#include "sim/hw/tlb_gather.h"

namespace faultline::rmap {

// What goes out of mappings with a range of their file: its pages, and with them also what private
// mappings copied of it, or the guard markers. Linux's even_cows and ZAP_FLAG_DROP_MARKER.
enum class Zap : uint8_t { kPages, kCopiesToo, kMarkersToo };

// Pages of a Backing.
struct FileRange {
  uint32_t backing = 0;  // its number
  uint64_t first = 0;    // pgoff
  uint64_t count = 0;
};

class MappingSpace {
 public:
  virtual ~MappingSpace() = default;
  // Replaces the present PTE of `vpn` by `replacement` (none, or a swap entry), drops the page's
  // mapping from the reverse map and the PTE's reference to the frame; a swap entry takes a
  // reference to its slot. Returns whether the PTE was dirty.
  virtual bool unmap_page(Vpn vpn, hw::Pte replacement, hw::TlbGather& gather) = 0;
  // Clears the accessed bit of the present PTE of `vpn`; returns what it was.
  virtual bool test_and_clear_accessed(Vpn vpn, hw::TlbGather& gather) = 0;
  // Whether the present PTE of `vpn` has its dirty bit set.
  virtual bool page_dirty(Vpn vpn) const = 0;
  // Clears the dirty bit and takes the write right, so that the next store faults; returns whether
  // it was dirty.
  virtual bool clean_page(Vpn vpn, hw::TlbGather& gather) = 0;
  // False where the page may not be evicted (VM_LOCKED).
  virtual bool evictable(Vpn vpn) const = 0;
  // Unmaps the pages of `range` wherever this space maps that Backing.
  virtual void zap_file_range(FileRange range, Zap what, hw::TlbGather& gather) = 0;
};

}  // namespace faultline::rmap
