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

// Source: Linux mm/util.c __vm_enough_memory(), modes 0 and 1.
bool AddressSpace::enough_memory(uint64_t pages) const {
  return options_.overcommit == Overcommit::kAlways || pages <= options_.total_memory_pages;
}

// Source: Linux mm/mmap.c mlock_future_ok().
bool AddressSpace::may_lock(uint64_t flags, uint64_t bytes) const {
  if ((flags & kVmLocked) == 0 || options_.privileged) return true;
  return counters_.locked_vm + page_size().pages(bytes) <=
         page_size().pages(options_.limits.memlock_bytes);
}

}  // namespace faultline::mm
