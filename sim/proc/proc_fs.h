// ProcFs: what /proc/PID/smaps, /proc/PID/status and /proc/PID/pagemap say of the memory of a
// process, in the kernel's own format: Linux's fs/proc/task_mmu.c. (/proc/PID/maps is
// mm::AddressSpace::maps().)
//
// It reads page tables, frames and counters as they are and changes nothing. Row numbers (M2, J4)
// are those of docs/fidelity.md.
// Units: kB are 1024 bytes; texts end with a newline. Owns nothing; its parts outlive it. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faultline/types.h"
#include "sim/mm/address_space.h"
#include "sim/phys/frame_table.h"
#include "sim/proc/smaps_sizes.h"
#include "sim/storage/swap_device.h"

namespace faultline::proc {

// The bits of an entry of /proc/PID/pagemap. Source: Linux fs/proc/task_mmu.c,
// Documentation/admin-guide/mm/pagemap.rst.
inline constexpr uint64_t kPagemapPresent = uint64_t{1} << 63;
inline constexpr uint64_t kPagemapSwapped = uint64_t{1} << 62;
inline constexpr uint64_t kPagemapFile = uint64_t{1} << 61;  // or shared anonymous memory
inline constexpr uint64_t kPagemapGuard = uint64_t{1} << 58;
inline constexpr uint64_t kPagemapExclusive = uint64_t{1} << 56;  // mapped by one PTE

class ProcFs {
 public:
  struct Parts {
    const phys::FrameTable& frames;
    const storage::SwapDevice& swap;
  };

  explicit ProcFs(const Parts& parts) : parts_(parts) {}

  // A block of lines for each VMA, ascending, rows M2, M3, J4 and K6. The kernel's soft-dirty and
  // protection-key lines are those of a kernel and a processor without them. O(VMAs + PTEs).
  // Source: proc_pid_smaps(5); Linux fs/proc/task_mmu.c show_smap(), smaps_pte_entry(), 6.18.
  std::string smaps(const mm::AddressSpace& space) const;

  // The lines about memory, VmPeak to HugetlbPages and THP_enabled, rows I6 and M5. The others,
  // which tell of names, signals, capabilities and processors, are left out.
  // Source: proc_pid_status(5); Linux fs/proc/task_mmu.c task_mem(), 6.18.
  std::string status(const mm::AddressSpace& space) const;

  // An entry for each page that `range` touches, up to the end of user space, row M4. What an
  // ordinary user reads: without frame numbers and slots. O(pages of the range).
  // Source: Linux fs/proc/task_mmu.c pte_to_pagemap_entry(), 6.18.
  std::vector<uint64_t> pagemap(const mm::AddressSpace& space, AddrRange range) const;

 private:
  SmapsSizes gather(const mm::AddressSpace& space, const mm::Vma& vma) const;
  uint64_t pagemap_entry(hw::Pte pte, const hw::PteLayout& layout) const;

  Parts parts_;
};

}  // namespace faultline::proc
