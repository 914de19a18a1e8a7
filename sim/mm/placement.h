// Where a mapping without MAP_FIXED goes: Linux's get_unmapped_area(), rows A4, A5, A9 and B.
//
// Units: bytes. A pure function of the VMAs and the options.
#pragma once

#include <cstdint>

#include "faultline/result.h"
#include "sim/mm/address_space_options.h"
#include "sim/mm/vma_tree.h"

namespace faultline::mm {

struct PlaceRequest {
  VirtAddr hint{};            // page-aligned, except with MAP_FIXED
  uint64_t length_bytes = 0;  // page-aligned, not 0
  uint64_t flags = 0;         // MAP_...
  uint64_t offset_bytes = 0;  // in the file; 0 for anonymous memory
  // Addresses are to be congruent to the offset modulo this, if the request is as large: Linux's
  // care for huge pages. 0: not asked for.
  uint64_t huge_page_bytes = 0;
  // The address, hint included, must be a multiple of this. 0: of a page.
  uint64_t alignment_bytes = 0;
};

// The address for the request. With MAP_FIXED it is the hint, checked.
// Errors: kENOMEM (too long, no room), kEINVAL (MAP_FIXED unaligned), kEPERM (below the lowest
// address that may be mapped).
// Source: Linux mm/mmap.c __get_unmapped_area(); arch/x86/kernel/sys_x86_64.c
// arch_get_unmapped_area_topdown(), arch_get_unmapped_area(); mm/huge_memory.c
// __thp_get_unmapped_area(), 6.18.
Result<VirtAddr> place(const VmaTree& vmas, const AddressSpaceOptions& options,
                       const PlaceRequest& request);

}  // namespace faultline::mm
