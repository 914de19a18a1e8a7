// The calls of a HostProcess by which processes begin, end, and hear of each other's end.
#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <limits>

#include "faultline/linux.h"
#include "sim/scenario/host/host_machine.h"
#include "sim/scenario/host/host_process.h"

namespace faultline::host {
namespace {

namespace abi = linux_abi;

// What a worker cannot follow, or would escape by.
constexpr uint64_t kNotFollowed = abi::kCLONE_PIDFD | abi::kCLONE_PTRACE | abi::kCLONE_SETTLS |
                                  abi::kCLONE_PARENT_SETTID | abi::kCLONE_CHILD_CLEARTID |
                                  abi::kCLONE_UNTRACED | abi::kCLONE_CHILD_SETTID |
                                  abi::kCLONE_NEWUSER | abi::kCLONE_THREAD;

// Whether the kernel refuses the flags, whatever else they say. Source: Linux kernel/fork.c
// copy_process().
bool refused(uint64_t flags) {
  const auto has = [flags](uint64_t wanted) { return (flags & wanted) == wanted; };
  return has(abi::kCLONE_NEWNS | abi::kCLONE_FS) || has(abi::kCLONE_NEWUSER | abi::kCLONE_FS) ||
         (has(abi::kCLONE_THREAD) && !has(abi::kCLONE_SIGHAND)) ||
         (has(abi::kCLONE_SIGHAND) && !has(abi::kCLONE_VM));
}

FaultCounts sum(FaultCounts a, FaultCounts b) { return {a.minor + b.minor, a.major + b.major}; }

}  // namespace

Result<Process*> HostProcess::start_child(long number, std::array<uint64_t, 6> arguments,
                                          uint64_t flags) {
  if ((flags & kNotFollowed) != 0 && !refused(flags)) return Errno::kENOSYS;
  if (machine_.full()) return Errno::kENOSYS;
  int64_t result = 0;
  std::unique_ptr<Tracee> tracee = tracee_->fork(number, arguments, &result);
  if (tracee == nullptr) return static_cast<Errno>(-result);
  HostProcess* const parent = (flags & abi::kCLONE_PARENT) != 0 ? parent_ : this;
  HostProcess& child =
      machine_.add_child(std::make_unique<HostProcess>(*this, std::move(tracee), parent));
  if ((flags & abi::kCLONE_VFORK) != 0) vfork_child_ = &child;
  return &child;
}

Result<Process*> HostProcess::clone(uint64_t flags) {
  constexpr uint64_t kSignalBits = 0xff;
  return start_child(SYS_clone, {flags}, flags & 0xffffffff & ~kSignalBits);
}

// The flags are looked at as a debugger looks, and only where that brings no page in: what is not
// there yet holds zeros, or cannot be read by the kernel either.
Result<Process*> HostProcess::clone3(VirtAddr arguments, uint64_t size_bytes) {
  constexpr long kSysClone3 = 435;
  constexpr uint64_t kPageMask = 4095;
  constexpr uint64_t kPresent = uint64_t{1} << 63;
  uint64_t flags = 0;
  const VirtAddr first{arguments.value & ~kPageMask};
  const VirtAddr last{(arguments.value + sizeof flags - 1) & ~kPageMask};
  const auto entries = pagemap({first, last + (kPageMask + 1)});
  const auto is_present = [](uint64_t entry) { return (entry & kPresent) != 0; };
  if (entries.ok() && !entries->empty() &&
      std::all_of(entries->begin(), entries->end(), is_present)) {
    tracee_->read_memory(arguments.value, std::as_writable_bytes(std::span(&flags, 1)));
  }
  return start_child(kSysClone3, {arguments.value, size_bytes}, flags);
}

// Asked without waiting first: who would wait for ever is not let. A child is gone also where its
// status could not be stored.
Result<uint64_t> HostProcess::wait4(const Wait4Args& args) {
  // Process groups are not followed; the least number is an error of its own.
  if (args.pid < -1 && args.pid != std::numeric_limits<int32_t>::min()) return Errno::kENOSYS;
  const auto reaped = call(SYS_wait4, {static_cast<uint64_t>(args.pid), args.status.value,
                                       args.options | abi::kWNOHANG, args.rusage.value});
  if (reaped.ok() && *reaped == 0) {
    if ((args.options & abi::kWNOHANG) == 0) return Errno::kEDEADLK;
    return reaped;
  }
  HostProcess* const child = machine_.find_reaped(*this);
  if (child == nullptr) return reaped;
  child->reaped_ = true;
  const FaultCounts own = sum(child->tracee_->own_faults(), child->reaped_own_faults_);
  reaped_own_faults_ = sum(reaped_own_faults_, own);
  if (reaped.ok() && args.rusage.value != 0) leave_own_faults_out(args.rusage, own);
  return reaped;
}

bool HostProcess::reaped_from(const HostProcess& parent) const {
  return parent_ == &parent && !alive() && !reaped_ && ::kill(tracee_->pid(), 0) != 0;
}

// Takes what is the worker's out of ru_minflt and ru_majflt.
void HostProcess::leave_own_faults_out(VirtAddr rusage, const FaultCounts& own) const {
  constexpr uint64_t kOffsetBytes = 64;
  FaultCounts counts;
  tracee_->read_memory(rusage.value + kOffsetBytes, std::as_writable_bytes(std::span(&counts, 1)));
  counts = counts - own;
  tracee_->write_memory(rusage.value + kOffsetBytes, std::as_bytes(std::span(&counts, 1)));
}

// A number that is none of the scenario's is never handed to the kernel.
Result<void> HostProcess::kill(int64_t pid, uint64_t signal) {
  constexpr uint64_t kSignalMax = 64;
  constexpr uint64_t kNoSuchPid = 0x3fffffff;
  if (pid <= 0) return Errno::kENOSYS;
  HostProcess* const target = machine_.find_process(pid);
  const bool ends = signal == abi::kSIGKILL;
  if (target != nullptr && signal != 0 && !ends && signal <= kSignalMax) return Errno::kENOSYS;
  if (target == this && ends) {
    tracee_->end_by(SYS_kill, {static_cast<uint64_t>(pid), signal});
    return {};
  }
  const uint64_t number = target == nullptr ? kNoSuchPid : static_cast<uint64_t>(pid);
  const auto done = call_for_nothing(SYS_kill, {number, signal});
  if (done.ok() && ends && target->alive()) target->tracee_->killed();
  return done;
}

}  // namespace faultline::host
