// What a trace holds besides accesses: the calls by which its program changed mappings, processes
// and threads, as the kernel answered them.
//
// Units: addresses and lengths in bytes. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "faultline/process.h"

namespace faultline {

// Who did something: the process and the thread, as the traced system numbered them. 0: the trace
// does not say.
struct TraceTask {
  uint32_t pid = 0;
  uint32_t tid = 0;
  friend constexpr bool operator==(const TraceTask&, const TraceTask&) = default;
};

// With each kind, what `arguments` and `result` of a TraceCall are.
enum class TraceCallKind : uint8_t {
  // The process has a new image, or is the first that the trace knows of: from now on `maps` is
  // all that it maps. `path` is the program.
  kExec,
  // The system call's own arguments, and the kernel's own result (an error is -errno).
  kMmap,  // `path` and `file_bytes` of what its descriptor was open on
  kMunmap,
  kMprotect,
  kMremap,
  kBrk,
  kMadvise,
  kMsync,
  // A process began: arguments[0] is clone(2)'s flags (SIGCHLD alone for fork), `result` its pid.
  kFork,
  // A thread of the process began: arguments[0] is clone(2)'s flags, `result` its tid.
  kThread,
  // The thread, or the process with all its threads, ended: arguments[0] is the status.
  kThreadExit,
  kExit,
};
inline constexpr unsigned kTraceCallKinds = unsigned(TraceCallKind::kExit) + 1;

struct TraceCall {
  TraceCallKind kind = TraceCallKind::kMmap;
  TraceTask task{};  // who made it; after kFork and kThread, the parent
  std::array<uint64_t, 6> arguments{};
  int64_t result = 0;
  std::string path{};            // absolute; empty: no file
  uint64_t file_bytes = 0;       // how long the file was then
  std::vector<MapsLine> maps{};  // of kExec, ascending
  bool failed() const { return result < 0 && result >= -4095; }
};

// "mmap", "exec", "thread_exit" and so on.
const char* trace_call_name(TraceCallKind kind);

}  // namespace faultline
