// System calls: before they are made, and when they have been answered.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "sim/record/call_numbers.h"
#include "sim/record/plugin/plugin.h"

namespace faultline::record {
namespace {

constexpr uint64_t kCloneVm = 0x100;
constexpr uint64_t kCloneVfork = 0x4000;

constexpr bool failed(int64_t result) { return result < 0 && result >= -4095; }
// QEMU's own answers: the call will be made again, or a signal handler has returned.
// Source: QEMU linux-user: QEMU_ERESTARTSYS, QEMU_ESIGRETURN.
constexpr bool is_no_answer(int64_t result) { return result == -512 || result == -513; }

// The kind of a call that changes mappings in its arguments' and its result's own words.
std::optional<TraceCallKind> mapping_kind(int64_t number) {
  switch (number) {
    case kCallMmap:
      return TraceCallKind::kMmap;
    case kCallMunmap:
      return TraceCallKind::kMunmap;
    case kCallMprotect:
    case kCallPkeyMprotect:
      return TraceCallKind::kMprotect;
    case kCallMremap:
      return TraceCallKind::kMremap;
    case kCallBrk:
      return TraceCallKind::kBrk;
    case kCallMadvise:
      return TraceCallKind::kMadvise;
    case kCallMsync:
      return TraceCallKind::kMsync;
    default:
      return std::nullopt;
  }
}

bool makes_thread(int64_t number, uint64_t flags) {
  return number == kCallClone && (flags & kCloneVm) != 0 && (flags & kCloneVfork) == 0;
}

bool makes_process(int64_t number, uint64_t flags) {
  return number == kCallFork || number == kCallVfork ||
         (number == kCallClone && !makes_thread(number, flags));
}

// QEMU makes a fork of every vfork: the child has a copy of the mappings.
uint64_t fork_flags(int64_t number, uint64_t flags) {
  return number == kCallClone ? flags & ~(kCloneVm | kCloneVfork) : uint64_t{SIGCHLD};
}

// How many arguments a call of that kind has; what else was in registers is nobody's.
size_t argument_count(TraceCallKind kind) {
  switch (kind) {
    case TraceCallKind::kMmap:
      return 6;
    case TraceCallKind::kMremap:
      return 5;
    case TraceCallKind::kMprotect:
    case TraceCallKind::kMadvise:
    case TraceCallKind::kMsync:
      return 3;
    case TraceCallKind::kMunmap:
      return 2;
    default:
      return 1;
  }
}

bool changes_mappings(int64_t number) {
  return mapping_kind(number).has_value() || number == kCallShmat || number == kCallShmdt;
}

}  // namespace

void Plugin::on_call(unsigned vcpu, int64_t number, const uint64_t (&arguments)[6]) {
  ThreadEvents& thread = *threads_[vcpu];
  std::memcpy(thread.arguments, arguments, sizeof arguments);
  flush_own(thread);
  if (changes_mappings(number) || makes_thread(number, arguments[0])) {
    lock();
    flush_all();
    thread.holds_lock = true;
  } else if (makes_process(number, arguments[0])) {
    // Not held: QEMU waits there for the other threads, which may wait for the lock.
    lock();
    flush_all();
    unlock();
  }
  if (makes_thread(number, arguments[0])) counting_.store(false);
  channel_.before(number, arguments[0], arguments[1]);
  if (number == kCallExecve) {
    follow(thread, reinterpret_cast<const char*>(arguments[0]), arguments[1], arguments[2]);
  }
  if (number == kCallExecveat) follow_at(thread);
  if (number == kCallExit) end_thread(vcpu, thread);
  if (number == kCallExitGroup) end_process(thread);
}

void Plugin::on_return(unsigned vcpu, int64_t number, int64_t result) {
  ThreadEvents& thread = *threads_[vcpu];
  channel_.after(number);
  if (is_no_answer(result)) {
    // It changed nothing.
  } else if (number == kCallMmap) {
    tell_mmap(thread, result);
  } else if (const auto kind = mapping_kind(number)) {
    tell_call(thread, *kind, result);
  } else if (number == kCallShmat) {
    tell_shmat(thread, result);
  } else if (number == kCallShmdt) {
    tell_shmdt(thread, result);
  } else if (makes_thread(number, thread.arguments[0])) {
    if (!failed(result)) tell_call(thread, TraceCallKind::kThread, result);
  } else if (makes_process(number, thread.arguments[0])) {
    thread.arguments[0] = fork_flags(number, thread.arguments[0]);
    on_fork_return(vcpu, thread, result);
  } else if (!failed(result)) {
    tell_transfer(thread, number, result);
  }
  if (!thread.holds_lock) return;
  thread.holds_lock = false;
  unlock();
}

void Plugin::end_thread(unsigned vcpu, ThreadEvents& thread) {
  tell_call(thread, TraceCallKind::kThreadExit, 0);
  lock();
  threads_[vcpu] = nullptr;  // QEMU gives the number to the next thread
  unlock();
  free(&thread);
}

void Plugin::end_process(ThreadEvents& thread) {
  lock();
  flush_all();
  tell_call(thread, TraceCallKind::kExit, 0);
  unlock();
}

void Plugin::tell_call(const ThreadEvents& thread, TraceCallKind kind, int64_t result,
                       const char* path, uint64_t file_bytes) {
  CallMessage message{.kind = kind, .result = result, .file_bytes = file_bytes};
  std::copy_n(thread.arguments, argument_count(kind), message.arguments);
  const size_t path_bytes = strnlen(path, kPayloadBytesMax - sizeof message);
  write(MessageKind::kCall, thread.tid, {&message, sizeof message, path, path_bytes});
}

void Plugin::tell_mmap(const ThreadEvents& thread, int64_t result) {
  char path[kPayloadBytesMax - sizeof(CallMessage)] = {};
  struct stat status {};
  if ((thread.arguments[3] & MAP_ANONYMOUS) == 0) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", int(thread.arguments[4]));
    if (readlink(link, path, sizeof path - 1) < 0 || path[0] != '/') path[0] = '\0';
    if (fstat(int(thread.arguments[4]), &status) != 0) status.st_size = 0;
  }
  tell_call(thread, TraceCallKind::kMmap, result, path, uint64_t(status.st_size));
}

// Attached memory is told as a shared anonymous mapping at the place that was chosen.
void Plugin::tell_shmat(ThreadEvents& thread, int64_t result) {
  struct shmid_ds status {};
  if (failed(result) || shmctl(int(thread.arguments[0]), IPC_STAT, &status) != 0) return;
  const uint64_t flags = thread.arguments[2];
  const uint64_t prot = PROT_READ | ((flags & SHM_RDONLY) == 0 ? PROT_WRITE : 0) |
                        ((flags & SHM_EXEC) != 0 ? PROT_EXEC : 0);
  const uint64_t as_mmap[6] = {0, status.shm_segsz, prot, MAP_SHARED | MAP_ANONYMOUS, uint64_t(-1),
                               0};
  std::memcpy(thread.arguments, as_mmap, sizeof as_mmap);
  tell_call(thread, TraceCallKind::kMmap, result);
  for (Attached& attached : attached_) {
    if (attached.bytes != 0) continue;
    attached = {uint64_t(result), status.shm_segsz};
    return;
  }
}

void Plugin::tell_shmdt(ThreadEvents& thread, int64_t result) {
  for (Attached& attached : attached_) {
    if (failed(result) || attached.bytes == 0 || attached.address != thread.arguments[0]) continue;
    thread.arguments[1] = attached.bytes;
    tell_call(thread, TraceCallKind::kMunmap, result);
    attached = {};
    return;
  }
}

void Plugin::on_fork_return(unsigned vcpu, ThreadEvents& thread, int64_t result) {
  if (result == 0) {
    become_child(vcpu, thread);
  } else if (!failed(result)) {
    tell_call(thread, TraceCallKind::kFork, result);
  }
}

// The child has this thread alone. What the others had not written yet is the parent's to write.
void Plugin::become_child(unsigned vcpu, ThreadEvents& thread) {
  const ForkedMessage message{pid_, thread.tid, thread.arguments[0]};
  for (ThreadEvents*& other : threads()) {
    if (other != &thread) free(other);
    other = nullptr;
  }
  lock_ = PTHREAD_MUTEX_INITIALIZER;  // whoever held it is not here
  threads_[vcpu] = &thread;
  pid_ = uint32_t(getpid());
  thread.tid = uint32_t(syscall(SYS_gettid));
  write(MessageKind::kForked, thread.tid, {&message, sizeof message});
}

}  // namespace faultline::record
