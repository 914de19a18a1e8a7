#include "faultline/trace_call.h"

#include <iterator>

namespace faultline {

const char* trace_call_name(TraceCallKind kind) {
  static constexpr const char* kNames[] = {"exec",   "mmap",   "munmap",      "mprotect",
                                           "mremap", "brk",    "madvise",     "msync",
                                           "fork",   "thread", "thread_exit", "exit"};
  static_assert(std::size(kNames) == kTraceCallKinds);
  return kNames[unsigned(kind)];
}

}  // namespace faultline
