// munmap(2), and the end of a process.
#include "sim/base/check.h"
#include "sim/mm/address_space.h"

namespace faultline::mm {

Result<void> AddressSpace::unmap(VirtAddr start, uint64_t length_bytes, hw::TlbGather& gather) {
  merged_range_.reset();
  const VirtAddr user_end = vmas_.user_end();
  if (!page_size().aligned(start) || start > user_end || length_bytes > user_end - start)
    return Errno::kEINVAL;
  const AddrRange range{start, start + page_size().align_up(length_bytes)};
  if (range.empty()) return Errno::kEINVAL;
  if (const Result<Gathered> gathered = gather_vmas(range); !gathered) return gathered.error();
  // Nothing below can fail.
  remove_vmas(range, gather);
  return {};
}

void AddressSpace::destroy(hw::TlbGather& gather) {
  merged_range_.reset();
  remove_vmas({VirtAddr{0}, vmas_.user_end()}, gather);
  FL_CHECK(vmas_.empty() && counters_.rss() == 0 && counters_.swap == 0);
}

}  // namespace faultline::mm
