#include "sim/scenario/calls.h"

#include "sim/scenario/handlers.h"

namespace faultline::scenario {
namespace {

using K = ArgumentKind;
using R = ReturnForm;

constexpr Call call(std::string_view name, CallFunction run, R returns, uint8_t arguments_min,
                    std::initializer_list<K> kinds) {
  Call row{.name = name, .run = run, .returns = returns, .arguments_min = arguments_min};
  for (const K kind : kinds) row.arguments[row.arguments_max++] = kind;
  return row;
}

constexpr Call fixed(std::string_view name, CallFunction run, R returns,
                     std::initializer_list<K> kinds) {
  return call(name, run, returns, static_cast<uint8_t>(kinds.size()), kinds);
}

constexpr Call access(std::string_view name, CallFunction run, uint8_t arguments_min,
                      std::initializer_list<K> kinds) {
  Call row = call(name, run, R::kNumber, arguments_min, kinds);
  row.is_access = true;
  return row;
}

// Known, so that a NAME cannot take its place, and not simulated yet.
constexpr Call later(std::string_view name) { return Call{.name = name}; }

constexpr auto kCalls = std::to_array<Call>({
    fixed("mmap", run_mmap, R::kAddress,
          {K::kAddress, K::kCount, K::kProt, K::kMapFlags, K::kSigned, K::kOffset}),
    fixed("munmap", run_munmap, R::kNumber, {K::kAddress, K::kCount}),
    fixed("mprotect", run_mprotect, R::kNumber, {K::kAddress, K::kCount, K::kProt}),
    call("mremap", run_mremap, R::kAddress, 4,
         {K::kAddress, K::kCount, K::kCount, K::kRemapFlags, K::kAddress}),
    fixed("msync", run_msync, R::kNumber, {K::kAddress, K::kCount, K::kSyncFlags}),
    fixed("madvise", run_madvise, R::kNumber, {K::kAddress, K::kCount, K::kAdvice}),
    fixed("mincore", run_mincore, R::kNumber, {K::kAddress, K::kCount, K::kReadBuffer}),
    fixed("mlock", run_mlock, R::kNumber, {K::kAddress, K::kCount}),
    fixed("mlock2", run_mlock2, R::kNumber, {K::kAddress, K::kCount, K::kLockFlags}),
    fixed("munlock", run_munlock, R::kNumber, {K::kAddress, K::kCount}),
    fixed("mlockall", run_mlockall, R::kNumber, {K::kLockAllFlags}),
    fixed("munlockall", run_munlockall, R::kNumber, {}),
    fixed("mseal", run_mseal, R::kNumber, {K::kAddress, K::kCount, K::kCount}),
    fixed("remap_file_pages", run_remap_file_pages, R::kNumber,
          {K::kAddress, K::kCount, K::kProt, K::kCount, K::kMapFlags}),
    fixed("brk", run_brk, R::kAddress, {K::kAddress}),
    call("open", run_open, R::kDescriptor, 2, {K::kPath, K::kOpenFlags, K::kMode}),
    call("openat", run_openat, R::kDescriptor, 3,
         {K::kDirectory, K::kPath, K::kOpenFlags, K::kMode}),
    fixed("creat", run_creat, R::kDescriptor, {K::kPath, K::kMode}),
    fixed("close", run_close, R::kNumber, {K::kSigned}),
    fixed("read", run_read, R::kNumber, {K::kSigned, K::kReadBuffer, K::kCount}),
    fixed("write", run_write, R::kNumber, {K::kSigned, K::kWriteBuffer, K::kCount}),
    fixed("pread64", run_pread64, R::kNumber, {K::kSigned, K::kReadBuffer, K::kCount, K::kSigned}),
    fixed("pwrite64", run_pwrite64, R::kNumber,
          {K::kSigned, K::kWriteBuffer, K::kCount, K::kSigned}),
    fixed("readv", run_readv, R::kNumber, {K::kSigned, K::kAddress, K::kCount}),
    fixed("writev", run_writev, R::kNumber, {K::kSigned, K::kAddress, K::kCount}),
    fixed("lseek", run_lseek, R::kNumber, {K::kSigned, K::kSigned, K::kWhence}),
    fixed("ftruncate", run_ftruncate, R::kNumber, {K::kSigned, K::kSigned}),
    fixed("truncate", run_truncate, R::kNumber, {K::kPath, K::kSigned}),
    fixed("fallocate", run_fallocate, R::kNumber,
          {K::kSigned, K::kAllocateMode, K::kSigned, K::kSigned}),
    fixed("fsync", run_fsync, R::kNumber, {K::kSigned}),
    fixed("fdatasync", run_fdatasync, R::kNumber, {K::kSigned}),
    fixed("sync_file_range", run_sync_file_range, R::kNumber,
          {K::kSigned, K::kSigned, K::kSigned, K::kSyncRangeFlags}),
    fixed("sync", run_sync, R::kNumber, {}),
    fixed("posix_fadvise", run_fadvise, R::kNumber,
          {K::kSigned, K::kSigned, K::kSigned, K::kFileAdvice}),
    fixed("fadvise64", run_fadvise, R::kNumber,
          {K::kSigned, K::kSigned, K::kSigned, K::kFileAdvice}),
    fixed("unlink", run_unlink, R::kNumber, {K::kPath}),
    fixed("rename", run_rename, R::kNumber, {K::kPath, K::kPath}),
    fixed("dup", run_dup, R::kDescriptor, {K::kSigned}),
    fixed("dup2", run_dup2, R::kDescriptor, {K::kSigned, K::kSigned}),
    fixed("memfd_create", run_memfd_create, R::kDescriptor, {K::kPath, K::kCount}),
    fixed("fork", run_fork, R::kNumber, {}),
    fixed("vfork", run_vfork, R::kNumber, {}),
    call("clone", run_clone, R::kNumber, 1,
         {K::kCloneFlags, K::kAddress, K::kAddress, K::kAddress, K::kOffset}),
    fixed("clone3", run_clone3, R::kNumber, {K::kAddress, K::kCount}),
    later("execve"),
    fixed("exit", run_exit, R::kNothing, {K::kSigned}),
    fixed("exit_group", run_exit, R::kNothing, {K::kSigned}),
    fixed("wait4", run_wait4, R::kNumber,
          {K::kSigned, K::kReadBuffer, K::kWaitOptions, K::kReadBuffer}),
    fixed("kill", run_kill, R::kNumber, {K::kSigned, K::kSignal}),
    call("prctl", run_prctl, R::kNumber, 1,
         {K::kPrctlOption, K::kOffset, K::kOffset, K::kOffset, K::kWriteBuffer}),
    fixed("setrlimit", run_setrlimit, R::kNumber, {K::kResource, K::kLimit}),
    later("prlimit64"),
    fixed("personality", run_personality, R::kNumber, {K::kPersona}),
    later("userfaultfd"),
    later("shmget"),
    later("shmat"),
    later("shmdt"),
    access("load", run_load, 2, {K::kAddress, K::kCount}),
    access("store", run_store, 2, {K::kAddress, K::kCountOrText, K::kSigned}),
    access("fetch", run_fetch, 2, {K::kAddress, K::kCount}),
    access("peek", run_peek, 2, {K::kAddress, K::kCount}),
    access("poke", run_poke, 3, {K::kAddress, K::kCount, K::kSigned}),
    access("xadd", run_xadd, 3, {K::kAddress, K::kCount, K::kSigned}),
    call("create", run_create, R::kNumber, 2, {K::kPath, K::kCount, K::kSigned}),
    fixed("maps", run_maps, R::kNumber, {}),
    fixed("smaps", run_smaps, R::kNumber, {}),
    fixed("pagemap", run_pagemap, R::kNumber, {K::kAddress, K::kCount}),
    fixed("status", run_status, R::kNumber, {}),
    fixed("sleep", run_sleep, R::kNumber, {K::kCount}),
    fixed("sigkill", run_sigkill, R::kNumber, {}),
    later("powerfail"),
    later("inject"),
    fixed("sysctl", run_sysctl, R::kNumber, {K::kPath, K::kSigned}),
});

}  // namespace

const Call* find_call(std::string_view name) {
  for (const Call& row : kCalls) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::span<const Call> all_calls() { return kCalls; }

}  // namespace faultline::scenario
