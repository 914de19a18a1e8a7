// The calls by which processes begin, end, and hear of each other's end.
#include "faultline/linux.h"
#include "sim/scenario/handlers.h"
#include "sim/scenario/process_table.h"

namespace faultline::scenario {
namespace {

// A child is known by the scenario's number for it.
Answer answer_of_child(const CallFrame& frame, const Result<Process*>& child) {
  if (!child.ok()) return with_faults(frame, failed(child.error()));
  return with_faults(frame, {.value = frame.processes.add(**child)});
}

// Of a call whose flags are simulated: what is not is so large a family.
CallResult fork_with(const CallFrame& frame, uint64_t flags) {
  const Result<Process*> child = frame.process.clone(flags);
  if (!child.ok() && child.error() == Errno::kENOSYS) {
    return PlacedMessage{frame.statement.column, "more processes at a time than are simulated"};
  }
  return answer_of_child(frame, child);
}

// C's int, as the kernel sees it.
int64_t pid_argument(const CallFrame& frame) {
  return frame.processes.machine_pid(static_cast<int32_t>(frame.number(0)));
}

// An address in the process; none for 0 and for _, which keeps nothing.
VirtAddr place_of(const CallFrame& frame, size_t index) {
  if (frame.statement.arguments[index].shape != ArgumentShape::kNumber) return {};
  return frame.address(index);
}

}  // namespace

CallResult run_fork(const CallFrame& frame) { return fork_with(frame, linux_abi::kSIGCHLD); }

CallResult run_vfork(const CallFrame& frame) {
  constexpr uint64_t kFlags = linux_abi::kCLONE_VM | linux_abi::kCLONE_VFORK | linux_abi::kSIGCHLD;
  return fork_with(frame, kFlags);
}

// The stack and what follows matter to what the child does next, which the scenario says.
CallResult run_clone(const CallFrame& frame) {
  return answer_of_child(frame, frame.process.clone(frame.number(0)));
}

CallResult run_clone3(const CallFrame& frame) {
  return answer_of_child(frame, frame.process.clone3(frame.address(0), frame.number(1)));
}

CallResult run_wait4(const CallFrame& frame) {
  const Wait4Args args{.pid = pid_argument(frame),
                       .status = place_of(frame, 1),
                       .options = frame.number(2),
                       .rusage = place_of(frame, 3)};
  const Result<uint64_t> reaped = frame.process.wait4(args);
  if (!reaped.ok() && reaped.error() == Errno::kEDEADLK) {
    return PlacedMessage{frame.statement.column,
                         "the call would block for ever: no child it could wait for has ended"};
  }
  Answer answer = answer_of(reaped);
  if (reaped.ok() && *reaped != 0) answer.value = frame.processes.number_of(*reaped);
  return with_faults(frame, answer);
}

CallResult run_kill(const CallFrame& frame) {
  return answer_of(frame.process.kill(pid_argument(frame), static_cast<uint32_t>(frame.number(1))));
}

CallResult run_exit(const CallFrame& frame) {
  frame.process.exit(frame.number(0));
  return Answer{};
}

CallResult run_sigkill(const CallFrame& frame) {
  return answer_of(
      frame.process.kill(static_cast<int64_t>(frame.process.pid().value), linux_abi::kSIGKILL));
}

}  // namespace faultline::scenario
