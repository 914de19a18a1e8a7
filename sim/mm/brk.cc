// brk(2), row C14.
#include <limits>

#include "sim/mm/address_space.h"
#include "sim/mm/placement.h"

namespace faultline::mm {

// Source: Linux mm/mmap.c brk(), 6.18.
VirtAddr AddressSpace::set_brk(VirtAddr new_break, hw::TlbGather& gather) {
  merged_range_.reset();
  const Limits& limits = options_.limits;
  if (new_break < options_.start_brk) return brk_;
  if (limits.data_bytes != linux_abi::kRLIM_INFINITY &&
      new_break - options_.start_brk > limits.data_bytes)
    return brk_;
  const VirtAddr new_end{page_size().align_up(new_break.value)};
  const VirtAddr old_end{page_size().align_up(brk_.value)};
  if (new_end == old_end) {
    brk_ = new_break;
  } else if (new_break <= brk_) {
    if (shrink_brk({new_end, old_end}, gather)) brk_ = new_break;
  } else if (new_end > old_end && grow_brk({old_end, new_end})) {
    brk_ = new_break;
  }
  return brk_;
}

// Nothing mapped there: refused.
bool AddressSpace::shrink_brk(AddrRange cut, hw::TlbGather& gather) {
  if (vmas_.find_overlap(cut) == nullptr) return false;
  if (!gather_vmas(cut)) return false;
  remove_vmas(cut, gather);
  return true;
}

// Source: Linux mm/vma.c do_brk_flags(), 6.18.
bool AddressSpace::grow_brk(AddrRange growth) {
  const uint64_t page_bytes = page_size().bytes();
  const uint64_t pages = page_size().pages(growth);
  const Result<VirtAddr> place_checked = place(
      vmas_, options_,
      {.hint = growth.start, .length_bytes = growth.size_bytes(), .flags = linux_abi::kMAP_FIXED});
  if (!place_checked || !may_lock(default_flags_, growth.size_bytes())) return false;
  // A page must stay free above, beside the guard of a stack.
  const Vma* const above = vmas_.find(growth.start);
  if (above != nullptr && growth.end + page_bytes > vmas_.guarded_start(*above)) return false;

  const uint64_t flags = kVmRead | kVmWrite | kVmMayAccess | kVmAccount | default_flags_ |
                         (read_implies_exec() ? kVmExec : 0);
  if (!may_expand(flags, pages) || map_count_ > options_.max_map_count || !enough_memory(pages))
    return false;
  const VmaAttributes attributes{.flags = flags, .pgoff = page_size().vpn(growth.start).value};
  const Vma* const below = vmas_.find_before(growth.start);
  const bool heap_below = below != nullptr && below->end() > options_.start_brk;
  if (!heap_below || !merge_new(growth, attributes, MergeSides::kBelow))
    insert_vma(growth, attributes);
  account(flags, pages);
  if ((flags & kVmLocked) != 0) populate_.push_back(growth);
  return true;
}

}  // namespace faultline::mm
