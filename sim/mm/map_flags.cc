#include "sim/mm/map_flags.h"

#include <limits>

#include "faultline/linux.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

// Flags that MAP_SHARED_VALIDATE knows for every file: LEGACY_MAP_MASK. MAP_ABOVE4G, MAP_HUGE_2MB
// and MAP_HUGE_1GB have no name of ours.
constexpr uint64_t kLegacyMask = abi::kMAP_SHARED | abi::kMAP_PRIVATE | abi::kMAP_FIXED |
                                 abi::kMAP_ANONYMOUS | abi::kMAP_DENYWRITE | abi::kMAP_EXECUTABLE |
                                 abi::kMAP_GROWSDOWN | abi::kMAP_LOCKED | abi::kMAP_NORESERVE |
                                 abi::kMAP_POPULATE | abi::kMAP_NONBLOCK | abi::kMAP_STACK |
                                 abi::kMAP_HUGETLB | abi::kMAP_32BIT | 0x80 | 21u << 26 | 30u << 26;
constexpr int kHugeShift = 26;

// Regular files end at 2^63 - 1; other descriptors know no limit but the number's.
// Source: Linux mm/mmap.c file_mmap_ok().
constexpr uint64_t kLargestFileBytes = std::numeric_limits<int64_t>::max();

bool within(uint64_t largest, const FileExtent& extent, PageSize page_size) {
  return extent.length_bytes <= largest &&
         page_size.pages(extent.offset_bytes) <= page_size.pages(largest - extent.length_bytes);
}

bool within_largest_file(const FileMapping& m, PageSize page_size) {
  const bool regular = !m.file.directory && m.file.backing != nullptr;
  return within(regular ? kLargestFileBytes : std::numeric_limits<uint64_t>::max(), m.extent,
                page_size);
}

}  // namespace

uint64_t vm_flags_of(uint64_t prot, uint64_t flags) {
  const auto if_set = [](uint64_t set, uint64_t bit, uint64_t then) {
    return (set & bit) != 0 ? then : 0;
  };
  return if_set(prot, abi::kPROT_READ, kVmRead) | if_set(prot, abi::kPROT_WRITE, kVmWrite) |
         if_set(prot, abi::kPROT_EXEC, kVmExec) | if_set(flags, abi::kMAP_GROWSDOWN, kVmGrowsDown) |
         if_set(flags, abi::kMAP_LOCKED, kVmLocked) | if_set(flags, abi::kMAP_SYNC, kVmSync) |
         if_set(flags, abi::kMAP_STACK, kVmNoHugePage) |
         if_set(flags, abi::kMAP_HUGETLB, kVmHugeTlb | kVmDontExpand) | kVmMayAccess;
}

uint64_t find_huge_page_bytes(uint64_t flags) {
  const uint64_t log = (flags >> kHugeShift) & 0x3f;
  if (log == 0) return uint64_t{1} << 21;
  return log == 21 || log == 30 ? uint64_t{1} << log : 0;
}

// Linux maps a nameless file of hugetlbfs here.
Result<uint64_t> check_huge_page_flags(uint64_t flags, uint64_t vm_flags, const FileExtent& extent,
                                       PageSize page_size) {
  if (!within(kLargestFileBytes, extent, page_size)) return Errno::kEOVERFLOW;
  const uint64_t type = flags & abi::kMAP_TYPE;
  if (type != abi::kMAP_PRIVATE && type != abi::kMAP_SHARED && type != abi::kMAP_SHARED_VALIDATE)
    return Errno::kEINVAL;
  if (type == abi::kMAP_SHARED_VALIDATE && (flags & ~kLegacyMask) != 0) return Errno::kEOPNOTSUPP;
  if ((vm_flags & kVmGrowsDown) != 0) return Errno::kEINVAL;
  return type == abi::kMAP_PRIVATE ? vm_flags : vm_flags | kVmShared | kVmMayShare;
}

Result<uint64_t> check_anonymous_flags(uint64_t flags, uint64_t vm_flags) {
  const bool grows = (vm_flags & kVmGrowsDown) != 0;
  const uint64_t type = flags & abi::kMAP_TYPE;
  switch (type) {
    case abi::kMAP_SHARED:
      if (grows) return Errno::kEINVAL;
      return vm_flags | kVmShared | kVmMayShare;
    case abi::kMAP_DROPPABLE:
      if ((flags & abi::kMAP_LOCKED) != 0 || grows) return Errno::kEINVAL;
      return vm_flags | kVmDroppable | kVmNoReserve | kVmWipeOnFork | kVmDontDump;
    case abi::kMAP_PRIVATE:
      return vm_flags;
    default:
      return Errno::kEINVAL;
  }
}

Result<uint64_t> check_file_flags(const FileMapping& m, uint64_t vm_flags, PageSize page_size) {
  if (!within_largest_file(m, page_size)) return Errno::kEOVERFLOW;
  const uint64_t type = m.flags & abi::kMAP_TYPE;
  if (type != abi::kMAP_SHARED && type != abi::kMAP_SHARED_VALIDATE && type != abi::kMAP_PRIVATE)
    return Errno::kEINVAL;
  if (type != abi::kMAP_PRIVATE) {
    const bool disk = m.file.backing != nullptr && m.file.backing->write_notify();
    const uint64_t known = kLegacyMask | (disk ? abi::kMAP_SYNC : 0);
    if (type == abi::kMAP_SHARED_VALIDATE && (m.flags & ~known) != 0) return Errno::kEOPNOTSUPP;
    if ((m.prot & abi::kPROT_WRITE) != 0 && !m.file.writable) return Errno::kEACCES;
    vm_flags |= kVmShared | kVmMayShare;
    if (!m.file.writable) vm_flags &= ~(kVmMayWrite | kVmShared);
  }
  if (!m.file.readable) return Errno::kEACCES;
  if (m.file.directory || m.file.backing == nullptr) return Errno::kENODEV;
  if ((vm_flags & kVmGrowsDown) != 0) return Errno::kEINVAL;
  return vm_flags;
}

}  // namespace faultline::mm
