// What msync(2) is to write back, row G1.
#include <algorithm>

#include "sim/mm/address_space.h"

namespace faultline::mm {

// Source: Linux mm/msync.c, 6.18.
SyncPlan AddressSpace::plan_sync(VirtAddr start, uint64_t length_bytes, uint64_t flags) const {
  namespace abi = linux_abi;
  constexpr uint64_t kKnown = abi::kMS_ASYNC | abi::kMS_INVALIDATE | abi::kMS_SYNC;
  constexpr uint64_t kBoth = abi::kMS_ASYNC | abi::kMS_SYNC;
  if ((flags & ~kKnown) != 0 || !page_size().aligned(start) || (flags & kBoth) == kBoth)
    return {.error = Errno::kEINVAL};
  const AddrRange range{start, start + page_size().align_up(length_bytes)};
  if (range.end < range.start) return {.error = Errno::kENOMEM};

  SyncPlan plan;
  VirtAddr at = range.start;
  for (const Vma* vma = vmas_.find(at); at < range.end; vma = vmas_.next(*vma)) {
    const bool hole = vma == nullptr || at < vma->start();
    if (hole) plan.error = Errno::kENOMEM;
    if (vma == nullptr || (hole && flags == abi::kMS_ASYNC)) break;
    at = std::max(at, vma->start());
    if (at >= range.end) break;
    if ((flags & abi::kMS_INVALIDATE) != 0 && vma->has(kVmLocked)) {
      plan.error = Errno::kEBUSY;
      break;
    }
    const VirtAddr end = std::min(vma->end(), range.end);
    if ((flags & abi::kMS_SYNC) != 0 && vma->shared() && vma->backing != nullptr) {
      plan.ranges.push_back(
          {vma->backing, vma->pgoff_of(at, page_size()), page_size().pages(AddrRange{at, end})});
    }
    at = end;
  }
  return plan;
}

}  // namespace faultline::mm
