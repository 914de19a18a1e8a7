// mlock(2) and its like, rows G3 and G4.
#include <algorithm>

#include "sim/mm/address_space.h"
#include "sim/mm/mapped_pte.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

// The calls' flags are ints.
uint64_t as_int(uint64_t flags) { return static_cast<uint32_t>(flags); }

}  // namespace

// Source: Linux mm/mlock.c do_mlock(), 6.18.
Result<AddrRange> AddressSpace::lock(VirtAddr start, uint64_t length_bytes, uint64_t flags) {
  merged_range_.reset();
  const uint64_t known = as_int(flags);
  if ((known & ~abi::kMLOCK_ONFAULT) != 0) return Errno::kEINVAL;
  if (!can_lock()) return Errno::kEPERM;
  const VirtAddr first = page_size().align_down(start);
  length_bytes = page_size().align_up(length_bytes + (start - first));
  if (!options_.privileged) {
    const uint64_t limit = page_size().pages(options_.limits.memlock_bytes);
    uint64_t locked = page_size().pages(length_bytes) + counters_.locked_vm;
    // What is locked already is not counted twice.
    if (locked > limit) locked -= locked_pages(first, length_bytes);
    if (locked > limit) return Errno::kENOMEM;
  }
  const uint64_t locks = kVmLocked | (known != 0 ? kVmLockOnFault : 0);
  if (const Result<void> done = set_locks(first, length_bytes, locks); !done) return done.error();
  return AddrRange{first, first + length_bytes};
}

Result<void> AddressSpace::unlock(VirtAddr start, uint64_t length_bytes) {
  merged_range_.reset();
  const VirtAddr first = page_size().align_down(start);
  return set_locks(first, page_size().align_up(length_bytes + (start - first)), 0);
}

// Source: Linux mm/mlock.c SYSCALL_DEFINE1(mlockall), apply_mlockall_flags(), 6.18.
Result<void> AddressSpace::lock_all(uint64_t flags) {
  merged_range_.reset();
  constexpr uint64_t kKnown = abi::kMCL_CURRENT | abi::kMCL_FUTURE | abi::kMCL_ONFAULT;
  flags = as_int(flags);
  if ((flags & (abi::kMCL_CURRENT | abi::kMCL_FUTURE)) == 0 || (flags & ~kKnown) != 0)
    return Errno::kEINVAL;
  if (!can_lock()) return Errno::kEPERM;
  const bool current = (flags & abi::kMCL_CURRENT) != 0;
  if (current && !options_.privileged &&
      counters_.total_vm > page_size().pages(options_.limits.memlock_bytes))
    return Errno::kENOMEM;
  const uint64_t locks = kVmLocked | ((flags & abi::kMCL_ONFAULT) != 0 ? kVmLockOnFault : 0);
  default_flags_ = (flags & abi::kMCL_FUTURE) != 0 ? locks : 0;
  if (current) set_all_locks(locks);
  return {};
}

void AddressSpace::unlock_all() {
  merged_range_.reset();
  default_flags_ = 0;
  set_all_locks(0);
}

bool AddressSpace::can_lock() const {
  return options_.limits.memlock_bytes != 0 || options_.privileged;
}

// The pages of the range that are locked already. Source: Linux mm/mlock.c
// count_mm_mlocked_page_nr().
uint64_t AddressSpace::locked_pages(VirtAddr start, uint64_t length_bytes) const {
  const VirtAddr end{start.value + std::min(length_bytes, ~start.value)};
  uint64_t pages = 0;
  for (const Vma* vma = vmas_.find(start); vma != nullptr && vma->start() < end;
       vma = vmas_.next(*vma)) {
    if (!vma->has(kVmLocked)) continue;
    pages += page_size().pages(AddrRange{std::max(vma->start(), start), std::min(vma->end(), end)});
  }
  return pages;
}

// Gives the VMAs of the range these of the locks' flags, up to the first hole or error.
// Errors: kEINVAL (wraps), kENOMEM (a hole; a split at max_map_count).
// Source: Linux mm/mlock.c apply_vma_lock_flags().
Result<void> AddressSpace::set_locks(VirtAddr start, uint64_t length_bytes, uint64_t flags) {
  const VirtAddr end = start + length_bytes;
  if (end < start) return Errno::kEINVAL;
  VirtAddr at = start;
  Vma* vma = vmas_.find(start);
  while (at < end) {
    if (vma == nullptr || at < vma->start()) return Errno::kENOMEM;
    const Result<Vma*> done = set_locks_of(*vma, {at, std::min(vma->end(), end)}, flags);
    if (!done) return done.error();
    at = (*done)->end();
    vma = vmas_.next(**done);
  }
  return {};
}

void AddressSpace::set_all_locks(uint64_t flags) {
  for (Vma* vma = vmas_.first(); vma != nullptr;) {
    const Result<Vma*> done = set_locks_of(*vma, vma->range(), flags);
    vma = vmas_.next(done ? **done : *vma);
  }
}

// The VMA that holds `part` of `vma` then. Source: Linux mm/mlock.c mlock_fixup().
Result<Vma*> AddressSpace::set_locks_of(Vma& vma, AddrRange part, uint64_t locks) {
  const uint64_t old = vma.flags;
  const uint64_t flags = (old & ~kVmLockMask) | locks;
  if (flags == old || (old & kVmNotLockable) != 0) return &vma;
  const Result<Vma*> modified = modify_flags(vma, part, flags);
  if (!modified) return modified.error();
  // Nothing below can fail.
  merged_range_ = part;
  unaccount(old, page_size().pages(part));
  account(flags, page_size().pages(part));
  if (locks == 0 && counters_.orphan_locked != 0) set_mlocked(part, false);
  return *modified;
}

// Of the pages that are mapped there: whether they stay unevictable though no VMA locks them.
void AddressSpace::set_mlocked(AddrRange range, bool mlocked) {
  page_table_.for_each(
      page_size().vpn(range.start), page_size().pages(range), [&](Vpn, hw::Pte pte) {
        const auto mapped = find_mapped(pte, page_table_.format().pte);
        if (!mapped || mapped->pfn == phys::kZeroPagePfn) return;
        phys::PageFrame& frame = frames_[mapped->pfn];
        frame.flags = static_cast<uint16_t>(mlocked ? frame.flags | phys::kFrameMlocked
                                                    : frame.flags & ~phys::kFrameMlocked);
      });
}

}  // namespace faultline::mm
