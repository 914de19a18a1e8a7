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
    later("mremap"),
    fixed("msync", run_msync, R::kNumber, {K::kAddress, K::kCount, K::kSyncFlags}),
    later("madvise"),
    later("mincore"),
    later("mlock"),
    later("mlock2"),
    later("munlock"),
    later("mlockall"),
    later("munlockall"),
    later("mseal"),
    later("remap_file_pages"),
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
    later("readv"),
    later("writev"),
    fixed("lseek", run_lseek, R::kNumber, {K::kSigned, K::kSigned, K::kWhence}),
    fixed("ftruncate", run_ftruncate, R::kNumber, {K::kSigned, K::kSigned}),
    fixed("truncate", run_truncate, R::kNumber, {K::kPath, K::kSigned}),
    later("fallocate"),
    fixed("fsync", run_fsync, R::kNumber, {K::kSigned}),
    fixed("fdatasync", run_fdatasync, R::kNumber, {K::kSigned}),
    later("sync_file_range"),
    later("sync"),
    later("posix_fadvise"),
    later("fadvise64"),
    fixed("unlink", run_unlink, R::kNumber, {K::kPath}),
    fixed("rename", run_rename, R::kNumber, {K::kPath, K::kPath}),
    fixed("dup", run_dup, R::kDescriptor, {K::kSigned}),
    fixed("dup2", run_dup2, R::kDescriptor, {K::kSigned, K::kSigned}),
    fixed("memfd_create", run_memfd_create, R::kDescriptor, {K::kPath, K::kCount}),
    later("fork"),
    later("vfork"),
    later("clone"),
    later("clone3"),
    later("execve"),
    fixed("exit", run_exit, R::kNothing, {K::kSigned}),
    fixed("exit_group", run_exit, R::kNothing, {K::kSigned}),
    later("wait4"),
    later("kill"),
    later("prctl"),
    fixed("setrlimit", run_setrlimit, R::kNumber, {K::kResource, K::kLimit}),
    later("prlimit64"),
    later("personality"),
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
    later("smaps"),
    later("pagemap"),
    later("status"),
    later("sleep"),
    fixed("sigkill", run_sigkill, R::kNumber, {}),
    later("powerfail"),
    later("inject"),
    later("sysctl"),
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
