#include "sim/mm/advice.h"

#include <algorithm>
#include <array>

#include "faultline/linux.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

// Private memory without a file. Huge pages lie in nameless files in Linux.
bool is_anonymous(const Vma& vma) { return vma.anonymous() && !vma.has(kVmHugeTlb); }

// What a process would lose by the advice. Source: Linux mm/madvise.c is_discard().
bool discards(uint32_t advice) {
  switch (advice) {
    case abi::kMADV_FREE:
    case abi::kMADV_DONTNEED:
    case abi::kMADV_DONTNEED_LOCKED:
    case abi::kMADV_REMOVE:
    case abi::kMADV_DONTFORK:
    case abi::kMADV_WIPEONFORK:
    case abi::kMADV_GUARD_INSTALL:
      return true;
    default:
      return false;
  }
}

std::optional<Errno> invalid_if(bool refused) {
  return refused ? std::optional(Errno::kEINVAL) : std::nullopt;
}

// Source: Linux mm/madvise.c madvise_remove().
std::optional<Errno> refuses_remove(const Vma& vma) {
  if (vma.has(kVmLocked) || is_anonymous(vma)) return Errno::kEINVAL;
  if (!vma.has(kVmShared | kVmMayWrite)) return Errno::kEACCES;
  return std::nullopt;
}

}  // namespace

bool is_known_advice(uint32_t advice) {
  static constexpr auto kKnown = std::to_array<uint64_t>(
      {abi::kMADV_NORMAL,          abi::kMADV_RANDOM,        abi::kMADV_SEQUENTIAL,
       abi::kMADV_WILLNEED,        abi::kMADV_DONTNEED,      abi::kMADV_FREE,
       abi::kMADV_REMOVE,          abi::kMADV_DONTFORK,      abi::kMADV_DOFORK,
       abi::kMADV_MERGEABLE,       abi::kMADV_UNMERGEABLE,   abi::kMADV_HUGEPAGE,
       abi::kMADV_NOHUGEPAGE,      abi::kMADV_DONTDUMP,      abi::kMADV_DODUMP,
       abi::kMADV_WIPEONFORK,      abi::kMADV_KEEPONFORK,    abi::kMADV_COLD,
       abi::kMADV_PAGEOUT,         abi::kMADV_POPULATE_READ, abi::kMADV_POPULATE_WRITE,
       abi::kMADV_DONTNEED_LOCKED, abi::kMADV_COLLAPSE,      abi::kMADV_GUARD_INSTALL,
       abi::kMADV_GUARD_REMOVE});
  return std::find(kKnown.begin(), kKnown.end(), advice) != kKnown.end();
}

std::optional<Errno> refuses_advice(const Vma& vma, uint32_t advice) {
  const bool huge = vma.has(kVmHugeTlb);
  const bool sealed = vma.has(kVmSealed) && is_anonymous(vma) && !vma.has(kVmWrite);
  if (sealed && discards(advice)) return Errno::kEPERM;
  switch (advice) {
    case abi::kMADV_REMOVE:
      return refuses_remove(vma);
    case abi::kMADV_FREE:
      return invalid_if(!is_anonymous(vma) || (vma.flags & (kVmLocked | kVmPfnMap)) != 0);
    case abi::kMADV_DONTNEED:
      return invalid_if(!huge && (vma.flags & (kVmLocked | kVmPfnMap)) != 0);
    case abi::kMADV_DONTNEED_LOCKED:
      return invalid_if(!huge && vma.has(kVmPfnMap));
    case abi::kMADV_COLD:
    case abi::kMADV_PAGEOUT:
      return invalid_if((vma.flags & (kVmLocked | kVmPfnMap | kVmHugeTlb)) != 0);
    case abi::kMADV_COLLAPSE:
      return Errno::kEINVAL;  // transparent huge pages are off
    case abi::kMADV_GUARD_INSTALL:
      return invalid_if((vma.flags & (kVmSpecial | kVmHugeTlb | kVmLocked)) != 0);
    case abi::kMADV_GUARD_REMOVE:
      return invalid_if((vma.flags & (kVmSpecial | kVmHugeTlb)) != 0);
    case abi::kMADV_DOFORK:
      return invalid_if(vma.has(kVmIo));
    case abi::kMADV_WIPEONFORK:
      return invalid_if(!is_anonymous(vma));
    case abi::kMADV_KEEPONFORK:
      return invalid_if(vma.has(kVmDroppable));
    case abi::kMADV_DODUMP:
      return invalid_if((!huge && (vma.flags & kVmSpecial) != 0) || vma.has(kVmDroppable));
    default:
      return std::nullopt;
  }
}

uint64_t advised_flags(const Vma& vma, uint32_t advice) {
  const uint64_t flags = vma.flags;
  constexpr uint64_t kNeverMerged =
      kVmShared | kVmMayShare | kVmSpecial | kVmHugeTlb | kVmDroppable;
  switch (advice) {
    case abi::kMADV_NORMAL:
      return flags & ~(kVmRandRead | kVmSeqRead);
    case abi::kMADV_SEQUENTIAL:
      return (flags & ~kVmRandRead) | kVmSeqRead;
    case abi::kMADV_RANDOM:
      return (flags & ~kVmSeqRead) | kVmRandRead;
    case abi::kMADV_DONTFORK:
      return flags | kVmDontCopy;
    case abi::kMADV_DOFORK:
      return flags & ~kVmDontCopy;
    case abi::kMADV_WIPEONFORK:
      return flags | kVmWipeOnFork;
    case abi::kMADV_KEEPONFORK:
      return flags & ~kVmWipeOnFork;
    case abi::kMADV_DONTDUMP:
      return flags | kVmDontDump;
    case abi::kMADV_DODUMP:
      return flags & ~kVmDontDump;
    case abi::kMADV_MERGEABLE:  // noted alone: nothing looks for equal pages
      return (flags & kNeverMerged) == 0 ? flags | kVmMergeable : flags;
    case abi::kMADV_UNMERGEABLE:
      return flags & ~kVmMergeable;
    case abi::kMADV_HUGEPAGE:
      return (flags & ~kVmNoHugePage) | kVmHugePage;
    case abi::kMADV_NOHUGEPAGE:
      return (flags & ~kVmHugePage) | kVmNoHugePage;
    default:
      return flags;
  }
}

}  // namespace faultline::mm
