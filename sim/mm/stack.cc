// Stacks: mappings that grow down, and the one that exec makes; rows E1 to E5.
#include "sim/base/check.h"
#include "sim/mm/address_space.h"

namespace faultline::mm {

Result<void> AddressSpace::expand_stack(Vma& vma, VirtAddr address) {
  merged_range_.reset();
  const VirtAddr start = page_size().align_down(address);
  const Vma* const below = vmas_.prev(vma);
  FL_CHECK(vma.has(kVmGrowsDown) && start < vma.start() &&
           (below == nullptr || below->end() <= start));
  if (start.value < options_.hint_min_address) return Errno::kEPERM;
  const uint64_t guard_bytes = kStackGuardPages * page_size().bytes();
  if (below != nullptr && !below->has(kVmGrowsDown) && below->accessible() &&
      start - below->end() < guard_bytes)
    return Errno::kENOMEM;
  prepare_anon(vma);

  const AddrRange range{start, vma.end()};
  const uint64_t growth_pages = page_size().pages(AddrRange{start, vma.start()});
  // Source: Linux mm/vma.c acct_stack_growth(). Differs from Linux: the growth of a VMA that is not
  // charged for is not either; Linux charges it, and never gives that back.
  if (growth_pages > vma.pgoff || !may_expand(vma.flags, growth_pages) ||
      range.size_bytes() > options_.limits.stack_bytes ||
      !may_lock(vma.flags, growth_pages * page_size().bytes()) || !enough_memory(growth_pages))
    return Errno::kENOMEM;
  vma.pgoff -= growth_pages;
  vmas_.resize(vma, range);
  account(vma.flags, growth_pages);
  return {};
}

void AddressSpace::map_stack(AddrRange range, VirtAddr start_stack) {
  merged_range_.reset();
  FL_CHECK(range.contains(start_stack));
  constexpr uint64_t kStackFlags = kVmRead | kVmWrite | kVmMayAccess | kVmGrowsDown | kVmAccount;
  insert_vma(range, {.flags = kStackFlags, .pgoff = page_size().vpn(range.start).value});
  account(kStackFlags, page_size().pages(range));
  start_stack_ = start_stack;
}

Vma& AddressSpace::map_inferred(Vpn vpn) {
  merged_range_.reset();
  const VirtAddr start = page_size().address(vpn);
  const AddrRange range{start, start + page_size().bytes()};
  const VmaAttributes attributes{.flags = kVmRead | kVmWrite | kVmExec | kVmMayAccess | kVmInferred,
                                 .pgoff = vpn.value};
  if (Vma* merged = merge_new(range, attributes, MergeSides::kBoth)) return *merged;
  return insert_vma(range, attributes);
}

}  // namespace faultline::mm
