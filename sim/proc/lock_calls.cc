// mlock(2) and its like: what the address space locks is faulted in here.
#include "faultline/linux.h"
#include "sim/proc/memory_calls.h"

namespace faultline::proc {

Result<void> MemoryCalls::mlock(Task& task, VirtAddr address, uint64_t length_bytes,
                                UserMemory& memory) {
  return mlock2(task, {address, length_bytes}, 0, memory);
}

Result<void> MemoryCalls::mlock2(Task& task, AddrSpan span, uint64_t flags, UserMemory& memory) {
  const Result<AddrRange> locked = task.space->lock(span.address, span.length_bytes, flags);
  if (!locked) return locked.error();
  const std::optional<Errno> error = populate(task, *locked, OnError::kStop, memory);
  if (!error) return {};
  return *error == Errno::kEFAULT ? Errno::kENOMEM : Errno::kEAGAIN;
}

Result<void> MemoryCalls::munlock(Task& task, VirtAddr address, uint64_t length_bytes) {
  return task.space->unlock(address, length_bytes);
}

Result<void> MemoryCalls::mlockall(Task& task, uint64_t flags, UserMemory& memory) {
  const Result<void> done = task.space->lock_all(flags);
  if (!done || (flags & linux_abi::kMCL_CURRENT) == 0) return done;
  const VirtAddr end = task.space->page_table().format().user_end();
  populate(task, {VirtAddr{}, end}, OnError::kNextVma, memory);
  return {};
}

Result<void> MemoryCalls::munlockall(Task& task) {
  task.space->unlock_all();
  return {};
}

}  // namespace faultline::proc
