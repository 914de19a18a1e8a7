// ReverseMap: from a frame to the PTEs that map it. Linux's rmap, without its detour by anon_vma
// and i_mmap trees.
//
// Most frames are mapped once: that mapping lies in a flat array, further ones in a side table.
// Invariants, checked by validate():
//   1. a frame's mapcount equals the number of its entries here
//   2. no (space, page) stands twice under one frame
//   3. the side table holds no empty list, and none for a frame without an entry in the array
// Owns: the entries. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "faultline/types.h"
#include "sim/phys/frame_table.h"
#include "sim/rmap/mapping_space.h"

namespace faultline::rmap {

struct Mapping {
  MappingSpace* space = nullptr;
  Vpn vpn;
};

class ReverseMap {
 public:
  explicit ReverseMap(phys::FrameTable& frames);

  // Notes a PTE that maps `pfn` and counts it in the frame's mapcount. The zero page is not kept.
  // REQUIRES: not noted yet.
  void add(Pfn pfn, Mapping mapping);
  // REQUIRES: noted.
  void remove(Pfn pfn, Mapping mapping);
  // Calls `visit` for each PTE that maps the frame, in the order they were added; `visit` may
  // remove the one it is shown.
  void for_each(Pfn pfn, const std::function<void(Mapping)>& visit) const;
  // Unmaps the frame everywhere, each PTE becoming `replacement`; returns whether any of them was
  // dirty.
  bool unmap_everywhere(Pfn pfn, hw::Pte replacement, hw::TlbGather& gather);
  // Clears the accessed bits of all PTEs of the frame; returns whether any was set.
  bool test_and_clear_accessed(Pfn pfn, hw::TlbGather& gather);
  // Cleans and write-protects the frame everywhere; returns whether any PTE was dirty.
  bool clean_everywhere(Pfn pfn, hw::TlbGather& gather);
  bool evictable(Pfn pfn) const;

  // The spaces that map parts of Backings: Linux's i_mmap. A space is noted once for each Backing
  // however many VMAs it has.
  void add_space(uint32_t backing, MappingSpace& space);
  void remove_space(uint32_t backing, MappingSpace& space);
  void zap_file_range(FileRange range, ZapCopies copies, hw::TlbGather& gather);

  void validate() const;

 private:
  phys::FrameTable& frames_;
};

}  // namespace faultline::rmap
