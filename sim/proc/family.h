// Who is whose child, and what wait4(2) finds: Linux's kernel/exit.c.
//
// A task that ends while its parent lives is a zombie, still among its parent's children, until the
// parent waits for it. A task whose parent has ended is init's, which is none of ours and waits for
// everybody. Threads: those of the tasks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "faultline/process.h"
#include "faultline/result.h"
#include "sim/proc/task.h"

namespace faultline::proc {

// Makes `child` the youngest child of `parent`. REQUIRES: it has no parent yet.
void add_child(Task& parent, Task& child);

// The task has ended with this status: its children are init's now, and it is a zombie if there is
// somebody to wait for it. REQUIRES: not alive any more.
// Source: Linux kernel/exit.c exit_notify(), forget_original_parent().
void become_zombie(Task& task, uint32_t wait_status);

// The zombie that wait4(pid, options) of `parent` reaps, the oldest that fits; null where it
// returns 0 instead (WNOHANG). `pid` is above 0, or 0 or -1 for any child. Nothing changed. Errors,
// in this order: kEINVAL (unknown options), kESRCH (the least int), kENOSYS (process groups),
// kECHILD (no child fits), kEDEADLK (one does, and lives: the call would block for ever). Source:
// Linux kernel/exit.c kernel_wait4(), do_wait(), eligible_child().
Result<Task*> find_waited(const Task& parent, int64_t pid, uint64_t options);

// What wait4(2) tells of a zombie, with the children it had waited for itself: Linux's struct
// rusage of x86-64. Source: Linux kernel/sys.c getrusage(), RUSAGE_BOTH.
// Differs from Linux: all of rusage but ru_maxrss, ru_minflt and ru_majflt is 0.
inline constexpr size_t kRusageBytes = 144;
std::array<std::byte, kRusageBytes> usage_of(const Task& zombie, uint64_t page_bytes);

// Forgets the zombie; its faults, and those of the children it had waited for, add up in `parent`.
// REQUIRES: a zombie child of `parent`. Source: Linux kernel/exit.c wait_task_zombie().
void reap(Task& parent, Task& zombie);

}  // namespace faultline::proc
