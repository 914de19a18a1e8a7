// GapIndex: the free ranges between the VMAs, in order of address, searchable by size. The part of
// Linux's maple tree that mas_empty_area() and mas_empty_area_rev() use.
//
// A sorted array cut into blocks, each with the size of its largest gap: a search skips the blocks
// whose largest is too small, so it is exact and costs the square root of the number of gaps at
// worst, in two linear scans that the processor prefetches.
//
// Invariants, checked by validate():
//   1. gaps are not empty, ascending and disjoint
//   2. no block is empty or larger than kBlockGapsMax
//   3. each block's largest size equals a recount
// Memory: 4 KiB a block, of which each is half full when it is made. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "faultline/types.h"

namespace faultline::mm {

class GapIndex {
 public:
  // REQUIRES: gap not empty, disjoint from all others. O(sqrt n), as are all below.
  void add(AddrRange gap);
  // REQUIRES: there is a gap that starts there.
  void remove(VirtAddr start);

  // The highest gap that has `size_bytes` within `window`, cut to the window; the lowest one.
  std::optional<AddrRange> find_highest(uint64_t size_bytes, AddrRange window) const;
  std::optional<AddrRange> find_lowest(uint64_t size_bytes, AddrRange window) const;

  std::size_t size() const;
  void validate() const;

 private:
  friend struct GapIndexTestPeer;
  static constexpr std::size_t kBlockGapsMax = 256;
  struct Block {
    uint64_t largest_bytes = 0;
    std::vector<AddrRange> gaps;
    void recount();
  };
  // The block that holds, or would hold, a gap that starts there. REQUIRES: there is a block.
  std::size_t block_of(VirtAddr start) const;
  void cut_block(std::size_t index);

  std::vector<Block> blocks_;
};

}  // namespace faultline::mm
