// TracedProcesses: the processes of a trace, each a process of the machine, and what the trace's
// calls do to them.
//
// A call is made again with the arguments it was made with, but where the kernel chose the address,
// it is told the one that was chosen: the accesses that follow go there. A file that is mapped is a
// file of the simulated disk of that name and length.
// Differs from Linux: what a program does with the break is mapped and unmapped as anonymous
// memory; a file that grows while it is mapped stays as long as it was at the last mmap; devices
// are anonymous memory; a vfork's parent does not wait for its child.
//
// Owns nothing: machine and processes outlive it. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "faultline/machine.h"
#include "faultline/trace_call.h"

namespace faultline::replay {

// Fewer than that many processes may be alive at a time.
inline constexpr size_t kProcessesMax = 4096;

// Where the files that a trace maps are when it begins.
enum class PageCacheAtFirst : uint8_t {
  kCold,  // on the disk alone
  kWarm,  // read before, the first GiB of each, as those of a program that ran a moment ago
};

class TracedProcesses {
 public:
  // The first process that the trace names is `first`.
  TracedProcesses(Machine& machine, Process& first,
                  PageCacheAtFirst page_cache = PageCacheAtFirst::kCold)
      : machine_(machine), first_(&first), page_cache_(page_cache) {}

  // The process of `task`; one without mappings, if the trace has said nothing of it. Null: there
  // would be too many.
  Process* find_or_start(TraceTask task);
  // Makes `call`. False: there would be too many processes.
  [[nodiscard]] bool make(const TraceCall& call);

  // Calls made so far; and of these, those that the simulated kernel refused and the traced one did
  // not, or the other way round.
  uint64_t calls() const { return calls_; }
  uint64_t differing() const { return differing_; }

 private:
  struct Traced {
    Process* process = nullptr;
    uint64_t brk = 0;  // 0: not known yet
  };

  Traced& traced(uint32_t pid);
  Process& take_process();
  // Each returns whether the simulated kernel did as the traced one did.
  bool answer(const TraceCall& call);
  bool exec(const TraceCall& call);
  bool mmap(Process& process, const TraceCall& call);
  bool mremap(Process& process, const TraceCall& call);
  bool brk(Traced& traced, const TraceCall& call);
  bool fork(const TraceCall& call);
  // A descriptor of a file that is at least so long, made if need be; below 0: it cannot be had.
  int64_t open(Process& process, const std::string& path, uint64_t bytes);
  void read_whole(Process& process, int fd, uint64_t bytes);

  Machine& machine_;
  Process* first_;  // null once it is somebody's
  const PageCacheAtFirst page_cache_;
  std::map<uint32_t, Traced> by_pid_;
  std::map<std::string, uint64_t> file_bytes_;  // of the files made so far
  uint64_t calls_ = 0;
  uint64_t differing_ = 0;
};

}  // namespace faultline::replay
