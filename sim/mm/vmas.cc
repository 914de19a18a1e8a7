// The VMAs and the counters that go with them.
#include <algorithm>
#include <memory>
#include <utility>

#include "sim/base/check.h"
#include "sim/mm/address_space.h"

namespace faultline::mm {

Vma& AddressSpace::insert_vma(AddrRange range, VmaAttributes attributes) {
  Vma& vma = vmas_.insert(std::make_unique<Vma>(range, std::move(attributes)));
  if (!vma.has(kVmInferred)) ++map_count_;
  if (vma.backing != nullptr && ++vmas_of_backing_[vma.backing->number()] == 1) {
    rmap_.add_space(vma.backing->number(), *this);
  }
  return vma;
}

void AddressSpace::erase_vma(Vma& vma) {
  if (!vma.has(kVmInferred)) --map_count_;
  if (vma.backing != nullptr) {
    const auto count = vmas_of_backing_.find(vma.backing->number());
    FL_CHECK(count != vmas_of_backing_.end());
    if (--count->second == 0) {
      rmap_.remove_space(count->first, *this);
      vmas_of_backing_.erase(count);
    }
  }
  vmas_.erase(vma);
}

// Cuts the VMA in two; the new one is the upper part. Source: Linux mm/vma.c __split_vma().
Vma& AddressSpace::split_vma(Vma& vma, VirtAddr at) {
  FL_CHECK(vma.start() < at && at < vma.end());
  VmaAttributes upper = vma;
  upper.pgoff = vma.pgoff_of(at, page_size());
  const AddrRange range{at, vma.end()};
  vmas_.resize(vma, {vma.start(), at});
  return insert_vma(range, std::move(upper));
}

// A mapping of huge pages is cut between them only. Source: Linux mm/hugetlb.c
// hugetlb_vm_op_split(). Differs from Linux: pages of 1 GB are cut as those of 2 MB are.
bool AddressSpace::may_split(const Vma& vma, VirtAddr at) const {
  return !vma.has(kVmHugeTlb) || at.value % huge_page_bytes() == 0;
}

// Counts pages mapped with these flags, and promises them where the flags say so.
// Source: Linux mm/vma.c vm_stat_account(), mm/util.c vm_acct_memory().
void AddressSpace::account(uint64_t flags, uint64_t pages) {
  if ((flags & kVmInferred) != 0) return;
  counters_.total_vm += pages;
  if (is_exec_mapping(flags)) {
    counters_.exec_vm += pages;
  } else if (is_stack_mapping(flags)) {
    counters_.stack_vm += pages;
  } else if (is_data_mapping(flags)) {
    counters_.data_vm += pages;
  }
  if ((flags & kVmLocked) != 0) counters_.locked_vm += pages;
  if ((flags & kVmAccount) != 0) {
    counters_.accounted_vm += pages;
    commit_.add(pages);
  }
  counters_.peak_total_vm = std::max(counters_.peak_total_vm, counters_.total_vm);
}

void AddressSpace::unaccount(uint64_t flags, uint64_t pages) {
  if ((flags & kVmInferred) != 0) return;
  counters_.total_vm -= pages;
  if (is_exec_mapping(flags)) {
    counters_.exec_vm -= pages;
  } else if (is_stack_mapping(flags)) {
    counters_.stack_vm -= pages;
  } else if (is_data_mapping(flags)) {
    counters_.data_vm -= pages;
  }
  if ((flags & kVmLocked) != 0) counters_.locked_vm -= pages;
  if ((flags & kVmAccount) != 0) {
    counters_.accounted_vm -= pages;
    commit_.give_back(pages);
  }
}

// Splits the VMAs at the ends of `range`, so that it can be unmapped whole; says what it holds.
// Errors: kENOMEM (the middle of a VMA, at max_map_count), kEPERM (sealed), kEINVAL (within a huge
// page). No page was unmapped then, but VMAs may have been split.
// Source: Linux mm/vma.c vms_gather_munmap_vmas().
Result<AddressSpace::Gathered> AddressSpace::gather_vmas(AddrRange range) {
  Gathered gathered;
  Vma* vma = vmas_.find_overlap(range);
  if (vma == nullptr) return gathered;
  if (vma->start() < range.start) {
    if (range.end < vma->end() && map_count_ >= options_.max_map_count) return Errno::kENOMEM;
    if (vma->has(kVmSealed)) return Errno::kEPERM;
    if (!may_split(*vma, range.start)) return Errno::kEINVAL;
    vma = &split_vma(*vma, range.start);
  }
  for (; vma != nullptr && vma->start() < range.end; vma = vmas_.next(*vma)) {
    if (vma->has(kVmSealed)) return Errno::kEPERM;
    if (range.end < vma->end()) {
      if (!may_split(*vma, range.end)) return Errno::kEINVAL;
      split_vma(*vma, range.end);
    }
    const uint64_t pages = page_size().pages(vma->range());
    if (!vma->has(kVmInferred)) gathered.pages += pages;
    if (vma->has(kVmAccount)) gathered.accounted += pages;
  }
  return gathered;
}

// Unmaps the VMAs of `range`, their pages, and the page tables that served them alone.
// REQUIRES: gather_vmas(range) has succeeded.
// Source: Linux mm/vma.c vms_complete_munmap_vmas().
void AddressSpace::remove_vmas(AddrRange range, hw::TlbGather& gather) {
  Vma* vma = vmas_.find_overlap(range);
  if (vma == nullptr) return;
  const Vma* const below = vmas_.prev(*vma);
  hw::PageTable::FreeLimits limits;
  if (below != nullptr) limits.floor = page_size().vpn(below->end());
  const AddrRange removed{vma->start(), range.end};
  VirtAddr end = vma->end();
  while (vma != nullptr && vma->start() < range.end) {
    FL_CHECK(range.contains(vma->range()));
    zap_pages(*vma, vma->range(), gather);
    unaccount(vma->flags, page_size().pages(vma->range()));
    end = vma->end();
    Vma* const above = vmas_.next(*vma);
    erase_vma(*vma);
    vma = above;
  }
  if (vma != nullptr) limits.ceiling = page_size().vpn(vma->start());
  page_table_.free_empty_tables(page_size().vpn(removed.start),
                                page_size().pages(AddrRange{removed.start, end}), limits);
}

}  // namespace faultline::mm
