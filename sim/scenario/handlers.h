// What each call of the scenario language does: translates its values to the public interface of
// Process and Machine. REQUIRES in all: the frame's statement was parsed as that call.
//
// Threads: those of the machine.
#pragma once

#include "sim/scenario/calls.h"

namespace faultline::scenario {

using CallResult = Result<Answer, PlacedMessage>;

inline constexpr uint64_t kPageBytes = 4096;  // scenarios run on x86-64

// Mappings: handlers_memory.cc.
CallResult run_mmap(const CallFrame& frame);
CallResult run_munmap(const CallFrame& frame);
CallResult run_mprotect(const CallFrame& frame);
CallResult run_msync(const CallFrame& frame);
CallResult run_brk(const CallFrame& frame);
CallResult run_setrlimit(const CallFrame& frame);

// Processes: handlers_family.cc.
CallResult run_fork(const CallFrame& frame);
CallResult run_vfork(const CallFrame& frame);
CallResult run_clone(const CallFrame& frame);
CallResult run_clone3(const CallFrame& frame);
CallResult run_wait4(const CallFrame& frame);
CallResult run_kill(const CallFrame& frame);
CallResult run_exit(const CallFrame& frame);
CallResult run_sigkill(const CallFrame& frame);

// Memory that is there already: handlers_memory_advice.cc.
CallResult run_mremap(const CallFrame& frame);
CallResult run_madvise(const CallFrame& frame);
CallResult run_mincore(const CallFrame& frame);
CallResult run_mlock(const CallFrame& frame);
CallResult run_mlock2(const CallFrame& frame);
CallResult run_munlock(const CallFrame& frame);
CallResult run_mlockall(const CallFrame& frame);
CallResult run_munlockall(const CallFrame& frame);
CallResult run_mseal(const CallFrame& frame);
CallResult run_remap_file_pages(const CallFrame& frame);

// What is asked of the process and the machine as a whole: handlers_process.cc.
CallResult run_prctl(const CallFrame& frame);
CallResult run_personality(const CallFrame& frame);
CallResult run_maps(const CallFrame& frame);
CallResult run_smaps(const CallFrame& frame);
CallResult run_pagemap(const CallFrame& frame);
CallResult run_status(const CallFrame& frame);
CallResult run_sleep(const CallFrame& frame);
CallResult run_sysctl(const CallFrame& frame);

// Accesses: handlers_access.cc.
CallResult run_load(const CallFrame& frame);
CallResult run_store(const CallFrame& frame);
CallResult run_fetch(const CallFrame& frame);
CallResult run_peek(const CallFrame& frame);
CallResult run_poke(const CallFrame& frame);
CallResult run_xadd(const CallFrame& frame);

// Files: handlers_file.cc and handlers_transfer.cc.
CallResult run_open(const CallFrame& frame);
CallResult run_openat(const CallFrame& frame);
CallResult run_creat(const CallFrame& frame);
CallResult run_close(const CallFrame& frame);
CallResult run_dup(const CallFrame& frame);
CallResult run_dup2(const CallFrame& frame);
CallResult run_memfd_create(const CallFrame& frame);
CallResult run_lseek(const CallFrame& frame);
CallResult run_ftruncate(const CallFrame& frame);
CallResult run_truncate(const CallFrame& frame);
CallResult run_fsync(const CallFrame& frame);
CallResult run_fdatasync(const CallFrame& frame);
CallResult run_unlink(const CallFrame& frame);
CallResult run_rename(const CallFrame& frame);
CallResult run_create(const CallFrame& frame);
CallResult run_read(const CallFrame& frame);
CallResult run_write(const CallFrame& frame);
CallResult run_pread64(const CallFrame& frame);
CallResult run_pwrite64(const CallFrame& frame);
CallResult run_readv(const CallFrame& frame);
CallResult run_writev(const CallFrame& frame);
CallResult run_fallocate(const CallFrame& frame);
CallResult run_sync_file_range(const CallFrame& frame);
CallResult run_fadvise(const CallFrame& frame);
CallResult run_sync(const CallFrame& frame);

// How a call's result becomes an answer.
Answer failed(Errno error);
Answer answer_of(const Result<void>& result);
Answer answer_of(const Result<uint64_t>& result);
// For a call that may or may not have brought pages in: says so only if it has.
Answer with_faults(const CallFrame& frame, Answer answer);
// Descriptors are C's int: the kernel sees the low 32 bits.
int64_t as_descriptor(uint64_t number);

}  // namespace faultline::scenario
