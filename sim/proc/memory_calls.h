// MemoryCalls: the system calls that change a process's address space: what stands between the
// caller's numbers and mm::AddressSpace. Linux's SYSCALL_DEFINEs of mm/.
//
// Descriptors are looked up here, pages that a call wants present are faulted in here, and msync's
// write-back is done here; all else is the address space's. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "faultline/process.h"
#include "faultline/result.h"
#include "faultline/user_memory.h"
#include "sim/cache/page_cache.h"
#include "sim/hw/tlb_gather.h"
#include "sim/proc/task.h"

namespace faultline::proc {

// Where a call is to work, as the caller said it: neither aligned nor known to fit.
struct AddrSpan {
  VirtAddr address{};
  uint64_t length_bytes = 0;
};

// prctl(2): the options that concern memory. `text` is the string that the last argument points to
// where it lies outside the process, else empty.
struct PrctlArgs {
  uint64_t option = 0;
  std::array<uint64_t, 4> arguments{};
  std::string_view text{};
};

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
  // Locks, and faults in what is to be locked now (rows G3, G4, D7). Errors: AddressSpace::lock's;
  // kEINVAL (unknown flags, before all others); of faulting in, which mlockall ignores: kENOMEM (a
  // page that cannot be), kEAGAIN (no frame). What was locked stays locked then.
  // Source: mlock(2); Linux mm/mlock.c do_mlock(), __mlock_posix_error_return().
  Result<void> mlock(Task& task, VirtAddr address, uint64_t length_bytes, UserMemory& memory);
  Result<void> mlock2(Task& task, AddrSpan span, uint64_t flags, UserMemory& memory);
  Result<void> munlock(Task& task, VirtAddr address, uint64_t length_bytes);
  Result<void> mlockall(Task& task, uint64_t flags, UserMemory& memory);
  Result<void> munlockall(Task& task);
  // Sets a soft limit, of calls on files too. Errors: kEINVAL (no such resource, or above the hard
  // limit), kENOSYS (one that nothing here would obey). Source: setrlimit(2).
  Result<void> setrlimit(Task& task, uint64_t resource, uint64_t soft_limit);

  // Errors: kEINVAL (arguments that the option does not know), kEPERM (PR_SET_MDWE: cannot be
  // undone), kEFAULT (a name that cannot be read), AddressSpace::set_name's, kENOSYS (an option
  // that is not simulated). Source: prctl(2); Linux kernel/sys.c, 6.18.
  Result<uint64_t> prctl(Task& task, const PrctlArgs& args, UserMemory& memory);
  // The persona that was; 0xffffffff changes nothing. READ_IMPLIES_EXEC works from then on; the
  // other bits matter at exec. Source: personality(2); Linux kernel/exec_domain.c.
  uint64_t personality(Task& task, uint64_t persona);

 private:
  enum class OnError : bool { kStop, kNextVma };
  void fault_in(Task& task, UserMemory& memory);
  std::optional<Errno> populate(Task& task, AddrRange range, OnError on_error, UserMemory& memory);

  Services s_;
};

}  // namespace faultline::proc
