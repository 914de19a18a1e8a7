// UserMemory: how the kernel side of a system call touches the memory of the calling process.
//
// The machine implements it by its access loop, so that such touches are translated, faulted in and
// counted like any other; a fault that would end in a signal ends the copy instead (EFAULT, or a
// short count). Linux: copy_from_user(), copy_to_user(), populate_vma_page_range().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "faultline/access.h"
#include "faultline/errno.h"
#include "faultline/types.h"

namespace faultline {

// What a fault that reads storage does meanwhile: it is taken anew, and then counts as minor, or it
// keeps its lock and is major.
enum class WhileReading : bool { kDropLock, kKeepLock };

class UserMemory {
 public:
  virtual ~UserMemory() = default;
  // Copy up to the first byte that cannot be touched; return the bytes copied.
  virtual uint64_t copy_in(VirtAddr from, std::span<std::byte> to) = 0;
  virtual uint64_t copy_out(VirtAddr to, std::span<const std::byte> from) = 0;
  // Whether a byte could be read there without a fault.
  virtual bool readable_now(VirtAddr address) const = 0;
  // Faults in the pages of `range`, up to the first that cannot be: for writing where the mapping
  // is private and writable, else for reading. Nothing: all are in.
  // Errors: kEFAULT (the access would end in a signal), kENOMEM (no frame).
  virtual std::optional<Errno> populate(AddrRange range, WhileReading while_reading) = 0;
  // Faults in the page of `address` as one access would. Nothing: it is in.
  // Errors: kEFAULT (the access would end in a signal), kENOMEM (no frame).
  virtual std::optional<Errno> fault_in(VirtAddr address, AccessKind kind) = 0;
};

}  // namespace faultline
