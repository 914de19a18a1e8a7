// MemoryCalls: the system calls that change a process's address space: what stands between the
// caller's numbers and mm::AddressSpace. Linux's SYSCALL_DEFINEs of mm/.
//
// Descriptors are looked up here, pages that a call wants present are faulted in here, and msync's
// write-back is done here; all else is the address space's. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "faultline/process.h"
#include "faultline/result.h"
#include "faultline/user_memory.h"
#include "sim/cache/page_cache.h"
#include "sim/hw/tlb_gather.h"
#include "sim/proc/task.h"

namespace faultline::proc {

class MemoryCalls {
 public:
  struct Services {
    cache::PageCache& cache;
    std::function<std::shared_ptr<cache::Backing>(uint64_t size_bytes)> make_shared_anon;
    hw::TlbGather& gather;
  };
  explicit MemoryCalls(const Services& services) : s_(services) {}

  // Errors: kEINVAL (offset unaligned), kEBADF (no such descriptor), then AddressSpace::map's.
  // Source: mmap(2); Linux mm/mmap.c ksys_mmap_pgoff().
  Result<VirtAddr> mmap(Task& task, const MmapArgs& args, UserMemory& memory);
  Result<void> munmap(Task& task, VirtAddr address, uint64_t length_bytes);
  Result<void> mprotect(Task& task, VirtAddr address, uint64_t length_bytes, uint64_t prot,
                        UserMemory& memory);
  // Writes dirty pages of shared mappings of the range to the disk (MS_SYNC alone does). Errors:
  // AddressSpace::plan_sync's. Source: msync(2); Linux mm/msync.c.
  Result<void> msync(Task& task, VirtAddr address, uint64_t length_bytes, uint64_t flags);
  Result<VirtAddr> mremap(Task& task, const MremapArgs& args, UserMemory& memory);
  Result<void> mseal(Task& task, VirtAddr address, uint64_t length_bytes, uint64_t flags);
  Result<void> remap_file_pages(Task& task, const RemapFilePagesArgs& args, UserMemory& memory);
  VirtAddr brk(Task& task, VirtAddr new_break, UserMemory& memory);
  // Sets a soft limit. Errors: kEINVAL (no such resource, or above the hard limit). Source:
  // setrlimit(2).
  Result<void> setrlimit(Task& task, uint64_t resource, uint64_t soft_limit);

 private:
  void fault_in(Task& task, UserMemory& memory);

  Services s_;
};

}  // namespace faultline::proc
