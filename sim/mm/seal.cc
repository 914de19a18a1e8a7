// mseal(2), row C16.
#include <algorithm>

#include "sim/mm/address_space.h"

namespace faultline::mm {

// Source: Linux mm/mseal.c do_mseal(), 6.18.
Result<void> AddressSpace::seal(VirtAddr start, uint64_t length_bytes, uint64_t flags) {
  merged_range_.reset();
  if (flags != 0 || !page_size().aligned(start)) return Errno::kEINVAL;
  const AddrRange range{start, start + page_size().align_up(length_bytes)};
  if (range.end < range.start || (range.empty() && length_bytes != 0)) return Errno::kEINVAL;
  if (range.empty()) return {};
  if (!covered(range)) return Errno::kENOMEM;
  Vma* vma = vmas_.find(range.start);
  for (VirtAddr at = range.start; at < range.end; vma = vmas_.next(*vma)) {
    const AddrRange part{at, std::min(vma->end(), range.end)};
    if (!vma->has(kVmSealed)) {
      const Result<Vma*> sealed = modify_flags(*vma, part, vma->flags | kVmSealed);
      if (!sealed) return sealed.error();
      vma = *sealed;
      merged_range_ = part;
    }
    at = vma->end();
  }
  return {};
}

// Whether all of `range` is mapped.
bool AddressSpace::covered(AddrRange range) const {
  VirtAddr at = range.start;
  for (const Vma* vma = vmas_.find(at); at < range.end; vma = vmas_.next(*vma)) {
    if (vma == nullptr || at < vma->start()) return false;
    at = vma->end();
  }
  return true;
}

}  // namespace faultline::mm
