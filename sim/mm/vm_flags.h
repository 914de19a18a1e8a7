// The attributes of a VMA: Linux's VM_* bits, with their values on x86-64.
//
// Source: Linux include/linux/mm.h, 6.18.
#pragma once

#include <cstdint>

namespace faultline::mm {

inline constexpr uint64_t kVmRead = 1, kVmWrite = 2, kVmExec = 4, kVmShared = 8;
inline constexpr uint64_t kVmMayRead = 0x10, kVmMayWrite = 0x20, kVmMayExec = 0x40,
                          kVmMayShare = 0x80;
inline constexpr uint64_t kVmGrowsDown = 0x100, kVmPfnMap = 0x400, kVmMaybeGuard = 0x800,
                          kVmLocked = 0x2000, kVmIo = 0x4000;
inline constexpr uint64_t kVmSeqRead = 0x8000, kVmRandRead = 0x10000, kVmDontCopy = 0x20000;
inline constexpr uint64_t kVmDontExpand = 0x40000, kVmLockOnFault = 0x80000, kVmAccount = 0x100000;
inline constexpr uint64_t kVmNoReserve = 0x200000, kVmHugeTlb = 0x400000, kVmSync = 0x800000;
inline constexpr uint64_t kVmWipeOnFork = 0x2000000, kVmDontDump = 0x4000000,
                          kVmSoftDirty = 0x8000000, kVmMixedMap = 0x10000000;
inline constexpr uint64_t kVmHugePage = 0x20000000, kVmNoHugePage = 0x40000000,
                          kVmMergeable = 0x80000000;
inline constexpr uint64_t kVmDroppable = uint64_t{1} << 40, kVmSealed = uint64_t{1} << 42;
// Not Linux's: a page that a trace touched outside every mapping it told of.
inline constexpr uint64_t kVmInferred = uint64_t{1} << 63;
// Not Linux's: tmpfs without a name when it was mapped (shmem_anon_vm_ops), which may be given one.
inline constexpr uint64_t kVmAnonShmem = uint64_t{1} << 62;

inline constexpr uint64_t kVmAccess = kVmRead | kVmWrite | kVmExec;
inline constexpr uint64_t kVmLockMask = kVmLocked | kVmLockOnFault;
inline constexpr uint64_t kVmMayAccess = kVmMayRead | kVmMayWrite | kVmMayExec;
// Mappings that never merge.
inline constexpr uint64_t kVmSpecial = kVmIo | kVmDontExpand | kVmPfnMap | kVmMixedMap;
// What two VMAs may differ in and still merge; the merged one keeps what is sticky of either.
inline constexpr uint64_t kVmSticky = kVmMaybeGuard;
inline constexpr uint64_t kVmIgnoredInMerge = kVmSoftDirty | kVmSticky | kVmAnonShmem;
// Mappings that are never locked; to lock them is no error. Source: Linux mm/mlock.c mlock_fixup().
inline constexpr uint64_t kVmNotLockable = kVmSpecial | kVmHugeTlb | kVmDroppable;

// What RLIMIT_DATA counts: private, writable, not a stack. Source: Linux mm/vma.h
// is_data_mapping().
constexpr bool is_data_mapping(uint64_t flags) {
  return (flags & (kVmWrite | kVmShared | kVmGrowsDown)) == kVmWrite;
}
constexpr bool is_stack_mapping(uint64_t flags) { return (flags & kVmGrowsDown) != 0; }
constexpr bool is_exec_mapping(uint64_t flags) {
  return (flags & (kVmExec | kVmWrite | kVmGrowsDown)) == kVmExec;
}

}  // namespace faultline::mm
