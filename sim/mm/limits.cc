// What may be refused for its size: resource limits and overcommit, rows A5, I1, I4 and I5.
#include "sim/mm/address_space.h"

namespace faultline::mm {

// A soft RLIMIT_DATA of 0 refuses nothing up to the hard limit, which is never lowered here: Linux
// keeps Valgrind working, which sets it. Source: Linux mm/vma.c may_expand_vm().
bool AddressSpace::may_expand(uint64_t flags, uint64_t pages) const {
  const Limits& limits = options_.limits;
  if (counters_.total_vm + pages > page_size().pages(limits.as_bytes)) return false;
  return !is_data_mapping(flags) || limits.data_bytes == 0 ||
         counters_.data_vm + pages <= page_size().pages(limits.data_bytes);
}

// Whether that much more may be promised; account() promises it.
bool AddressSpace::enough_memory(uint64_t pages) const {
  return options_.commit_unlimited ||
         commit_.enough(
             {.pages = pages, .total_vm = counters_.total_vm, .privileged = options_.privileged});
}

// Source: Linux mm/mmap.c mlock_future_ok().
bool AddressSpace::may_lock(uint64_t flags, uint64_t bytes) const {
  if ((flags & kVmLocked) == 0 || options_.privileged) return true;
  return counters_.locked_vm + page_size().pages(bytes) <=
         page_size().pages(options_.limits.memlock_bytes);
}

bool AddressSpace::read_implies_exec() const {
  return (options_.persona & linux_abi::kREAD_IMPLIES_EXEC) != 0;
}

// Row A12. Source: Linux include/linux/mman.h map_deny_write_exec().
bool AddressSpace::denies_write_exec(uint64_t old_flags, uint64_t new_flags) const {
  return (options_.mdwe & linux_abi::kPR_MDWE_REFUSE_EXEC_GAIN) != 0 &&
         (new_flags & kVmExec) != 0 && ((new_flags & kVmWrite) != 0 || (old_flags & kVmExec) == 0);
}

}  // namespace faultline::mm
