// madvise(2): which VMAs, and what is done to each.
#include <algorithm>

#include "faultline/linux.h"
#include "sim/mm/address_space.h"
#include "sim/mm/advice.h"

namespace faultline::mm {

namespace abi = linux_abi;

AdvicePlan AddressSpace::advise(VirtAddr start, uint64_t length_bytes, uint64_t advice,
                                hw::TlbGather& gather) {
  merged_range_.reset();
  AdvicePlan plan;
  const auto known_advice = static_cast<uint32_t>(advice);  // an int, in Linux
  const AddrRange range{start, start + page_size().align_up(length_bytes)};
  const bool wraps = (length_bytes != 0 && range.empty()) || range.end < range.start;
  if (!is_known_advice(known_advice) || !page_size().aligned(start) || wraps) {
    plan.error = Errno::kEINVAL;
  } else if (range.empty()) {
    return plan;
  } else if (known_advice == abi::kMADV_POPULATE_READ ||
             known_advice == abi::kMADV_POPULATE_WRITE) {
    plan.populate = range;
  } else {
    plan.error = advise_range(range, {known_advice, plan, gather});
  }
  return plan;
}

// Holes are passed over, and are an error in the end; the error of a VMA is one at once.
// Source: Linux mm/madvise.c madvise_walk_vmas(), 6.18.
std::optional<Errno> AddressSpace::advise_range(AddrRange range, const Advising& advising) {
  std::optional<Errno> hole;
  VirtAddr at = range.start;
  Vma* vma = vmas_.find(at);
  while (at < range.end) {
    if (vma == nullptr) return Errno::kENOMEM;
    if (at < vma->start()) {
      hole = Errno::kENOMEM;
      at = vma->start();
      if (at >= range.end) break;
    }
    const AddrRange part{at, std::min(vma->end(), range.end)};
    const Result<Vma*> advised = advise_part(*vma, part, advising);
    if (!advised) return advised.error();
    // Joined to what followed, the VMA may reach beyond the part.
    at = std::max(part.end, (*advised)->end());
    vma = vmas_.next(**advised);
  }
  return hole;
}

// Does what the advice says to `part` of `vma`; the VMA that holds it then.
Result<Vma*> AddressSpace::advise_part(Vma& vma, AddrRange part, const Advising& advising) {
  if (const auto refused = refuses_advice(vma, advising.advice)) return *refused;
  const auto file_pages = [&] {
    return AdvicePlan::FilePages{vma.backing, vma.pgoff_of(part.start, page_size()),
                                 page_size().pages(part)};
  };
  switch (advising.advice) {
    case abi::kMADV_WILLNEED:
      // Differs from Linux: anonymous pages are not read ahead from swap, where nothing holds them.
      if (vma.backing != nullptr) {
        advising.plan.wanted.push_back(file_pages());
        uint64_t& count = advising.plan.wanted.back().count;
        if (vma.backing->write_notify())
          count = std::min(count, vma.file->readahead.asked_max(*vma.backing));
      }
      break;
    case abi::kMADV_REMOVE:
      if (vma.backing != nullptr) advising.plan.removed.push_back(file_pages());
      break;
    case abi::kMADV_DONTNEED:
    case abi::kMADV_DONTNEED_LOCKED:
      if (vma.has(kVmHugeTlb) && part.start.value % huge_page_bytes() != 0) return Errno::kEINVAL;
      discard_pages(vma, part, advising.gather);
      break;
    case abi::kMADV_FREE:
      free_lazily(vma, part, advising.gather);
      break;
    case abi::kMADV_COLD:
      make_cold(vma, part, advising);
      break;
    case abi::kMADV_PAGEOUT:
      find_own_pages(vma, part, advising.plan);
      break;
    case abi::kMADV_GUARD_INSTALL:
      install_guards(vma, part, advising.gather);
      break;
    case abi::kMADV_GUARD_REMOVE:
      remove_guards(part);
      break;
    default:
      return change_advised_flags(vma, part, advised_flags(vma, advising.advice));
  }
  return &vma;
}

// Errors: kEAGAIN (a split at max_map_count), kEINVAL (within a huge page).
// Source: Linux mm/madvise.c madvise_update_vma(), madvise_vma_behavior().
Result<Vma*> AddressSpace::change_advised_flags(Vma& vma, AddrRange part, uint64_t flags) {
  if (flags == vma.flags) return &vma;
  const Result<Vma*> modified = modify_flags(vma, part, flags);
  if (!modified) return modified.error() == Errno::kENOMEM ? Errno::kEAGAIN : modified.error();
  merged_range_ = part;
  return *modified;
}

std::optional<Errno> AddressSpace::refuses_populate(VirtAddr address, AccessKind kind) const {
  const Vma* const vma = vmas_.find(address);
  if (vma == nullptr || address < vma->start()) return Errno::kENOMEM;
  if ((vma->flags & (kVmIo | kVmPfnMap)) != 0) return Errno::kEINVAL;
  if (!vma->has(is_store(kind) ? kVmWrite : kVmRead)) return Errno::kEINVAL;
  return std::nullopt;
}

}  // namespace faultline::mm
