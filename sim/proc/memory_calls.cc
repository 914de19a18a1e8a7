#include "sim/proc/memory_calls.h"

#include <algorithm>

#include "faultline/linux.h"

namespace faultline::proc {
namespace {

// RLIM_NLIMITS of Linux's include/uapi/asm-generic/resource.h.
constexpr uint64_t kResources = 16;
// The hard limit that a scenario's process starts with: Linux's MLOCK_LIMIT.
constexpr uint64_t kMemlockHardBytes = 8 << 20;

}  // namespace

Result<VirtAddr> MemoryCalls::mmap(Task& task, const MmapArgs& args, UserMemory& memory) {
  mm::AddressSpace& space = *task.space;
  if (!space.page_size().aligned(args.offset_bytes)) return Errno::kEINVAL;
  mm::MapRequest request{.hint = args.address,
                         .length_bytes = args.length_bytes,
                         .prot = args.prot,
                         .flags = args.flags,
                         .offset_bytes = args.offset_bytes};
  if ((args.flags & linux_abi::kMAP_ANONYMOUS) == 0) {
    const Result<std::shared_ptr<cache::OpenFile>> file = task.files->get(uint64_t(args.fd));
    if (!file) return file.error();
    request.file = *file;
  }
  request.make_shared_anon = s_.make_shared_anon;
  const Result<VirtAddr> address = space.map(request, s_.gather);
  fault_in(task, memory);
  return address;
}

Result<void> MemoryCalls::munmap(Task& task, VirtAddr address, uint64_t length_bytes) {
  return task.space->unmap(address, length_bytes, s_.gather);
}

Result<void> MemoryCalls::mprotect(Task& task, VirtAddr address, uint64_t length_bytes,
                                   uint64_t prot, UserMemory& memory) {
  const Result<void> done = task.space->protect(address, length_bytes, prot, s_.gather);
  // Source: Linux mm/mprotect.c mprotect_fixup(), which keeps its lock.
  for (const AddrRange& range : task.space->take_populate())
    memory.populate(range, WhileReading::kKeepLock);
  return done;
}

Result<VirtAddr> MemoryCalls::mremap(Task& task, const MremapArgs& args, UserMemory& memory) {
  const Result<VirtAddr> address = task.space->remap(args, s_.gather);
  fault_in(task, memory);
  return address;
}

Result<void> MemoryCalls::mseal(Task& task, VirtAddr address, uint64_t length_bytes,
                                uint64_t flags) {
  return task.space->seal(address, length_bytes, flags);
}

Result<void> MemoryCalls::remap_file_pages(Task& task, const RemapFilePagesArgs& args,
                                           UserMemory& memory) {
  const Result<void> done = task.space->remap_file_pages(args, s_.gather);
  fault_in(task, memory);
  return done;
}

VirtAddr MemoryCalls::brk(Task& task, VirtAddr new_break, UserMemory& memory) {
  const VirtAddr reached = task.space->set_brk(new_break, s_.gather);
  fault_in(task, memory);
  return reached;
}

Result<void> MemoryCalls::msync(Task& task, VirtAddr address, uint64_t length_bytes,
                                uint64_t flags) {
  const mm::SyncPlan plan = task.space->plan_sync(address, length_bytes, flags);
  for (const mm::SyncPlan::Range& range : plan.ranges)
    s_.cache.write_back(*range.backing, {range.first, range.count}, s_.gather);
  if (plan.error) return *plan.error;
  return {};
}

Result<void> MemoryCalls::setrlimit(Task& task, uint64_t resource, uint64_t soft_limit) {
  mm::Limits& limits = task.limits;
  switch (resource) {
    case linux_abi::kRLIMIT_AS:
      limits.as_bytes = soft_limit;
      break;
    case linux_abi::kRLIMIT_DATA:
      limits.data_bytes = soft_limit;
      break;
    case linux_abi::kRLIMIT_STACK:
      limits.stack_bytes = soft_limit;
      break;
    case linux_abi::kRLIMIT_MEMLOCK:
      if (soft_limit > kMemlockHardBytes) return Errno::kEINVAL;
      limits.memlock_bytes = soft_limit;
      break;
    case linux_abi::kRLIMIT_NOFILE:
      if (soft_limit > kDescriptorsMax) return Errno::kEINVAL;
      task.descriptors_max = soft_limit;
      break;
    case linux_abi::kRLIMIT_FSIZE:
      task.file_bytes_max = soft_limit;
      break;
    default:
      return resource < kResources ? Errno::kENOSYS : Errno::kEINVAL;
  }
  task.space->set_limits(limits);
  return {};
}

// MAP_POPULATE and locked memory. What cannot be faulted in is not the call's error
// (linux-semantics A13).
void MemoryCalls::fault_in(Task& task, UserMemory& memory) {
  for (const AddrRange& range : task.space->take_populate())
    populate(task, range, OnError::kNextVma, memory);
}

// Faults in what is mapped of the range, but for what is locked as it is touched; the first error,
// if it is to stop there. Source: Linux mm/gup.c __mm_populate(), populate_vma_page_range().
std::optional<Errno> MemoryCalls::populate(Task& task, AddrRange range, OnError on_error,
                                           UserMemory& memory) {
  for (VirtAddr at = range.start; at < range.end;) {
    const mm::Vma* vma = task.space->find_vma(at);
    if (vma == nullptr || vma->start() >= range.end) break;
    const AddrRange part{std::max(at, vma->start()), std::min(vma->end(), range.end)};
    at = part.end;
    if (vma->has(mm::kVmLockOnFault)) continue;
    const std::optional<Errno> error = memory.populate(part, WhileReading::kDropLock);
    if (error && on_error == OnError::kStop) return error;
  }
  return std::nullopt;
}

}  // namespace faultline::proc
