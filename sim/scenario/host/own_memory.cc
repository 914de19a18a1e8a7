#include "sim/scenario/host/own_memory.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>

#include "sim/scenario/host/tracee.h"

namespace faultline::host {

static_assert(Tracee::kText == 0x400000 && Tracee::kText + Tracee::kOwnBytes == 0x421000,
              "kReachesOwnMemory");

bool meets_own_memory(uint64_t address, uint64_t length_bytes) {
  // What leaves user space is refused by the kernel before anything is done.
  if (address > Tracee::kStackTop || length_bytes > Tracee::kStackTop - address) return false;
  return address < Tracee::kText + Tracee::kOwnBytes && address + length_bytes > Tracee::kText;
}

namespace {

// An address that says nothing about the place, where it is no more than a hint.
bool is_no_hint(uint64_t address) { return address < 4096; }

// Of mremap: a place that overlaps what is to be moved is refused at once, and so is what lies
// beyond user space.
bool moves_into_own_memory(const std::array<uint64_t, 6>& arguments) {
  const auto& [from, old_bytes, new_bytes, flags, to, unused] = arguments;
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) == 0 || from >= Tracee::kStackTop) return false;
  if ((flags & MREMAP_FIXED) == 0 && is_no_hint(to)) return false;
  const bool overlap = from + old_bytes > to && to + new_bytes > from;
  return !overlap && meets_own_memory(to, new_bytes);
}

}  // namespace

bool meets_own_memory(long number, const std::array<uint64_t, 6>& arguments) {
  constexpr long kSysMseal = 462;  // newer than Debian 12's headers
  const auto& [first, second, third, fourth, fifth, sixth] = arguments;
  switch (number) {
    case SYS_mmap:
      if ((fourth & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == 0 && is_no_hint(first)) return false;
      return meets_own_memory(first, second);
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_msync:
    case SYS_madvise:
    case SYS_mincore:
    case SYS_mlock:
    case SYS_mlock2:
    case SYS_munlock:
    case SYS_remap_file_pages:
    case kSysMseal:
      return meets_own_memory(first, second);
    case SYS_mremap:
      return meets_own_memory(first, std::max(second, third)) || moves_into_own_memory(arguments);
    default:
      return false;
  }
}

}  // namespace faultline::host
