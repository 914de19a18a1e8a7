// What an address space is built from and works with, and what its calls take: plain data.
//
// Units: bytes and addresses, unless the name says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "faultline/linux.h"
#include "faultline/types.h"
#include "sim/cache/backing.h"
#include "sim/cache/open_file.h"
#include "sim/hw/paging_format.h"
#include "sim/mm/commit_account.h"
#include "sim/phys/frame_allocator.h"
#include "sim/phys/frame_table.h"
#include "sim/rmap/reverse_map.h"
#include "sim/rmap/swap_slots.h"

namespace faultline::mm {

// What an address space works with; all outlive it.
struct AddressSpaceParts {
  phys::FrameTable& frames;
  phys::FrameAllocator& allocator;
  rmap::ReverseMap& rmap;
  rmap::SwapSlots& swap_slots;
  CommitAccount& commit;
  const hw::PagingFormat& format;
};

// The soft limits of setrlimit(2) that memory calls obey, in bytes. RLIM_INFINITY: none.
struct Limits {
  uint64_t as_bytes = linux_abi::kRLIM_INFINITY;
  uint64_t data_bytes = linux_abi::kRLIM_INFINITY;
  uint64_t stack_bytes = 8 << 20;
  uint64_t memlock_bytes = 8 << 20;
};

// The defaults are those of x86-64 without ASLR and the process that a scenario starts in.
struct AddressSpaceOptions {
  Asid asid{};
  Limits limits{};
  VirtAddr mmap_base{0x7ffff7fff000};       // placement goes down from here
  VirtAddr bottom_up_base{0x2aaaaaaab000};  // and, when nothing is left below, up from here
  VirtAddr start_brk{0x600000};
  VirtAddr window_end{0x7ffffffff000};  // only a hint above it is answered above it (5 levels)
  uint64_t max_map_count = 65530;
  uint64_t fixed_min_address = 4096;    // vm.mmap_min_addr: the lowest that MAP_FIXED may take
  uint64_t hint_min_address = 0x10000;  // the lowest otherwise: the LSM's
  bool privileged = false;              // CAP_SYS_ADMIN, CAP_SYS_RAWIO, CAP_IPC_LOCK
  bool commit_unlimited = false;        // whatever it asks for is granted and counted

  // What the process has set about itself, and fork hands on.
  uint64_t persona = linux_abi::kADDR_NO_RANDOMIZE;  // personality(2)
  uint64_t mdwe = 0;                                 // PR_SET_MDWE of prctl(2)
  uint64_t thp_disable = 1;                          // PR_SET_THP_DISABLE: what the GET answers

  // The same for another paging format: Linux's formulas applied to its user space, without ASLR.
  // Source: Linux arch/x86/mm/mmap.c mmap_base(), arch_pick_mmap_layout().
  static AddressSpaceOptions for_format(const hw::PagingFormat& format);
};

// The arguments of mmap(2). A file's descriptor has been looked up by the caller.
struct MapRequest {
  VirtAddr hint{};
  uint64_t length_bytes = 0;
  uint64_t prot = 0;                        // any bits: unknown ones are answered as Linux does
  uint64_t flags = 0;                       // any bits
  std::shared_ptr<cache::OpenFile> file{};  // ignored with MAP_ANONYMOUS; otherwise not null
  uint64_t offset_bytes = 0;
  // Makes the nameless object of a shared anonymous mapping. Called once, when nothing else can
  // fail. REQUIRES: set when flags ask for such a mapping.
  std::function<std::shared_ptr<cache::Backing>(uint64_t size_bytes)> make_shared_anon{};
};

}  // namespace faultline::mm
