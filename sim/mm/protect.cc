// mprotect(2).
#include <algorithm>

#include "sim/base/check.h"
#include "sim/mm/address_space.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

uint64_t access_flags(uint64_t prot) {
  return ((prot & abi::kPROT_READ) != 0 ? kVmRead : 0) |
         ((prot & abi::kPROT_WRITE) != 0 ? kVmWrite : 0) |
         ((prot & abi::kPROT_EXEC) != 0 ? kVmExec : 0);
}

// The kVmMay... bits are the access bits, four places up.
bool permitted(uint64_t flags) { return (flags & ~(flags >> 4) & kVmAccess) == 0; }

}  // namespace

Result<void> AddressSpace::protect(VirtAddr start, uint64_t length_bytes, uint64_t prot,
                                   hw::TlbGather& gather) {
  merged_range_.reset();
  const uint64_t grows = prot & (abi::kPROT_GROWSDOWN | abi::kPROT_GROWSUP);
  prot &= ~grows;
  if (read_implies_exec() && (prot & abi::kPROT_READ) != 0) prot |= abi::kPROT_EXEC;
  if (grows == (abi::kPROT_GROWSDOWN | abi::kPROT_GROWSUP)) return Errno::kEINVAL;
  if (!page_size().aligned(start)) return Errno::kEINVAL;
  if (length_bytes == 0) return {};
  AddrRange range{start, start + page_size().align_up(length_bytes)};
  if (range.empty()) return Errno::kENOMEM;
  constexpr uint64_t kKnown = abi::kPROT_READ | abi::kPROT_WRITE | abi::kPROT_EXEC | abi::kPROT_SEM;
  if ((prot & ~kKnown) != 0) return Errno::kEINVAL;

  Vma* vma = vmas_.find_overlap(range);
  if (vma == nullptr) return Errno::kENOMEM;
  if (grows == abi::kPROT_GROWSDOWN) {
    range.start = vma->start();
    if (!vma->has(kVmGrowsDown)) return Errno::kEINVAL;
  } else if (range.start < vma->start()) {
    return Errno::kENOMEM;
  } else if (grows == abi::kPROT_GROWSUP) {
    return Errno::kEINVAL;  // nothing grows up on x86
  }
  return protect_range(*vma, range, access_flags(prot), gather);
}

// Changes VMA after VMA up to the first error. Source: Linux mm/mprotect.c do_mprotect_pkey().
Result<void> AddressSpace::protect_range(Vma& first, AddrRange range, uint64_t access,
                                         hw::TlbGather& gather) {
  Vma* vma = &first;
  VirtAddr at = range.start;
  while (at < range.end) {
    if (vma == nullptr || at < vma->start()) return Errno::kENOMEM;
    const uint64_t flags = access | (vma->flags & ~kVmAccess);
    if (!permitted(flags) || denies_write_exec(vma->flags, flags)) return Errno::kEACCES;
    const AddrRange part{at, std::min(vma->end(), range.end)};
    const Result<Vma*> changed = protect_part(*vma, part, flags, gather);
    if (!changed) return changed.error();
    at = part.end;
    // Joined to what followed, the VMA may reach beyond the part.
    vma = at < (*changed)->end() ? *changed : vmas_.next(**changed);
  }
  return {};
}

// Gives `part` of `vma` these flags; returns the VMA that holds it then.
// Errors: kEPERM (sealed), kENOMEM (limits, max_map_count).
// Source: Linux mm/mprotect.c mprotect_fixup().
Result<Vma*> AddressSpace::protect_part(Vma& vma, AddrRange part, uint64_t flags,
                                        hw::TlbGather& gather) {
  const uint64_t old = vma.flags;
  const uint64_t pages = page_size().pages(part);
  if (vma.has(kVmSealed)) return Errno::kEPERM;
  if (flags == old) return &vma;
  if ((flags & kVmWrite) != 0) {
    if (!may_expand(flags, pages) && may_expand(old, pages)) return Errno::kENOMEM;
    constexpr uint64_t kNotToCharge = kVmAccount | kVmWrite | kVmHugeTlb | kVmShared | kVmNoReserve;
    if ((old & kNotToCharge) == 0) {
      if (!enough_memory(pages)) return Errno::kENOMEM;
      flags |= kVmAccount;
    }
  } else if ((old & kVmAccount) != 0 && vma.anonymous() && !vma.anon_vma) {
    flags &= ~kVmAccount;
  }
  const Result<Vma*> modified = modify_flags(vma, part, flags);
  if (!modified) return modified.error();
  // Nothing below can fail.
  merged_range_ = part;
  change_rights(**modified, part, gather);
  // A store to locked memory must not fault: row D7. Linux faults it in before it goes on to the
  // next VMA, which may not be joined to this one then.
  constexpr uint64_t kLockedAndNotWritable = kVmWrite | kVmShared | kVmLockMask;
  if ((old & kLockedAndNotWritable) == kVmLocked && (flags & kVmWrite) != 0) {
    prepare_anon(**modified);
    populate_.push_back(part);
  }
  unaccount(old, pages);
  account(flags, pages);
  return *modified;
}

}  // namespace faultline::mm
