// ReverseMap: from a frame to the PTEs that map it. Linux's rmap, without its detour by anon_vma
// and i_mmap trees.
//
// Most frames are mapped once: that mapping lies in a flat array, further ones in a side table.
// Memory: 16 bytes a frame.
// Invariants, checked by validate():
//   1. a frame's mapcount equals the number of its entries here
//   2. no (space, page) stands twice under one frame
//   3. the side table holds no empty list, and none for a frame without an entry in the array
//   4. the zero page has no entry
// Owns: the entries. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "faultline/types.h"
#include "sim/base/flat_array.h"
#include "sim/phys/frame_table.h"
#include "sim/rmap/mapping_space.h"

namespace faultline::rmap {

struct Mapping {
  MappingSpace* space = nullptr;
  Vpn vpn;
  friend bool operator==(Mapping, Mapping) = default;
};

class ReverseMap {
 public:
  explicit ReverseMap(phys::FrameTable& frames);

  // Notes a PTE that maps `pfn` and counts it in the frame's mapcount. The zero page is not kept.
  // REQUIRES: not noted yet. O(1) for the first mapping, else linear in the frame's mappings.
  void add(Pfn pfn, Mapping mapping);
  // REQUIRES: noted.
  void remove(Pfn pfn, Mapping mapping);
  // Whether this PTE is noted.
  bool contains(Pfn pfn, Mapping mapping) const;
  // The PTE noted first of those that map the frame; a null space: none does. O(1).
  Mapping first_mapping(Pfn pfn) const {
    return pfn.value < first_.size() ? first_[pfn.value] : Mapping{};
  }
  // Calls `visit` for each PTE that maps the frame, in the order they were added; `visit` may
  // remove the one it is shown.
  void for_each(Pfn pfn, const std::function<void(Mapping)>& visit) const;
  // Unmaps the frame everywhere, each PTE becoming `replacement`; returns whether any of them was
  // dirty.
  // Each PTE that becomes a swap entry takes a reference to its slot.
  bool unmap_everywhere(Pfn pfn, hw::Pte replacement, hw::TlbGather& gather);
  // Clears the accessed bits of all PTEs of the frame; returns whether any was set.
  bool test_and_clear_accessed(Pfn pfn, hw::TlbGather& gather);
  // Whether a PTE of the frame is dirty.
  bool dirty(Pfn pfn) const;
  // Cleans and write-protects the frame everywhere; returns whether any PTE was dirty.
  bool clean_everywhere(Pfn pfn, hw::TlbGather& gather);
  // False where a PTE of the frame may not be evicted, or its page is kFrameMlocked.
  bool evictable(Pfn pfn) const;

  // The spaces that map parts of Backings: Linux's i_mmap. A space is noted once for each Backing
  // however many VMAs it has.
  // REQUIRES: not noted yet.
  void add_space(uint32_t backing, MappingSpace& space);
  // REQUIRES: noted.
  void remove_space(uint32_t backing, MappingSpace& space);
  bool has_space(uint32_t backing, const MappingSpace& space) const;
  // Unmaps the range in every space that maps a part of the Backing, in the order they were noted.
  void zap_file_range(FileRange range, Zap what, hw::TlbGather& gather);

  void validate() const;

 private:
  friend struct ReverseMapTestPeer;

  phys::FrameTable& frames_;
  base::FlatArray<Mapping> first_;                         // by Pfn; a null space: not mapped
  std::map<uint32_t, std::vector<Mapping>> others_;        // Pfn -> the mappings after the first
  std::map<uint32_t, std::vector<MappingSpace*>> spaces_;  // Backing -> spaces that map it
};

}  // namespace faultline::rmap
