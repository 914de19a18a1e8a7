// When two neighbouring VMAs are one: Linux's can_vma_merge_before() and _after() of mm/vma.c,
// rows C1, C2 and C6 to C8.
//
// Pure functions; used by AddressSpace, which merges, and by its validate().
#pragma once

#include "sim/mm/vma.h"

namespace faultline::mm {

// Which neighbours a new mapping may be merged with: brk extends only what lies below.
enum class MergeSides : bool { kBelow, kBoth };

// What a part of a VMA becomes.
struct VmaChange {
  uint64_t flags = 0;
  VmaName name{};
};

// A mapping that may become part of a neighbour.
struct MergeCandidate {
  AddrRange range;
  const VmaAttributes& attributes;
};

// Whether `below` could be extended by the candidate, which begins where it ends; and `above`
// downwards by the candidate, which ends where it begins.
bool can_extend_up(const Vma& below, const MergeCandidate& candidate, PageSize page_size);
bool can_extend_down(const Vma& above, const MergeCandidate& candidate, PageSize page_size);

// Whether both neighbours, to each of which the candidate could be joined, can be joined by it.
bool can_join(const Vma& below, const Vma& above);

}  // namespace faultline::mm
