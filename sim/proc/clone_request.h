// CloneRequest: what fork, vfork, clone and clone3 ask for, read from their arguments and checked
// in Linux's order.
//
// Threads: any.
#pragma once

#include <cstdint>

#include "faultline/result.h"
#include "faultline/types.h"
#include "faultline/user_memory.h"

namespace faultline::proc {

struct CloneRequest {
  uint64_t flags = 0;        // CLONE_*, without the signal
  uint64_t exit_signal = 0;  // what the child's end sends to its parent
  bool has(uint64_t wanted) const { return (flags & wanted) == wanted; }
};

// clone(2)'s first argument: its lowest byte is the signal, its upper half is ignored.
CloneRequest clone_request_of(uint64_t flags);

// Reads clone3(2)'s struct clone_args. `user_end`: no address of the caller is as high.
// Errors: kE2BIG (larger than a page, or not zero behind what is known), kEINVAL (smaller than its
// first version; what the arguments say), kEFAULT, kENOSYS (set_tid and cgroups are not simulated).
// Source: Linux kernel/fork.c copy_clone_args_from_user(), clone3_args_valid(), 6.18.
struct CloneArgsPlace {
  VirtAddr address{};
  uint64_t size_bytes = 0;
  VirtAddr user_end{};
  PageSize page_size{};
};
Result<CloneRequest> read_clone_args(const CloneArgsPlace& place, UserMemory& memory);

// Errors: kEINVAL (flags that exclude each other), kENOSYS (threads, thread ids, pidfds, tracing
// and user namespaces are not simulated). Source: Linux kernel/fork.c copy_process(), 6.18.
Result<void> check_clone(const CloneRequest& request);

// Whether it asks for a namespace of its own, which an ordinary user may not have. Linux looks at
// that when it has copied the address space already. Source: Linux kernel/nsproxy.c
// copy_namespaces().
bool needs_privilege(const CloneRequest& request);

}  // namespace faultline::proc
