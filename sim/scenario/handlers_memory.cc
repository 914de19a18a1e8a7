// The calls that map memory.
#include "faultline/linux.h"
#include "sim/scenario/handlers.h"

namespace faultline::scenario {

Answer failed(Errno error) { return {.value = ~uint64_t{0}, .error = error}; }

Answer answer_of(const Result<void>& result) {
  return result.ok() ? Answer{} : failed(result.error());
}

Answer answer_of(const Result<uint64_t>& result) {
  return result.ok() ? Answer{.value = *result} : failed(result.error());
}

Answer with_faults(const CallFrame& frame, Answer answer) {
  const FaultCounts faults = frame.faults_since();
  if (faults.minor != 0 || faults.major != 0) answer.faults = faults;
  return answer;
}

int64_t as_descriptor(uint64_t number) { return static_cast<int32_t>(number); }

CallResult run_mmap(const CallFrame& frame) {
  const MmapArgs args{.address = frame.address(0),
                      .length_bytes = frame.number(1),
                      .prot = frame.number(2),
                      .flags = frame.number(3),
                      .fd = as_descriptor(frame.number(4)),
                      .offset_bytes = frame.number(5)};
  const Result<VirtAddr> result = frame.process.mmap(args);
  if (!result.ok()) return failed(result.error());
  Answer answer = with_faults(frame, {.value = result->value});
  const bool populates = (args.flags & (linux_abi::kMAP_POPULATE | linux_abi::kMAP_LOCKED)) != 0;
  if (populates) answer.faults = frame.faults_since();
  return answer;
}

CallResult run_munmap(const CallFrame& frame) {
  return answer_of(frame.process.munmap(frame.address(0), frame.number(1)));
}

CallResult run_mprotect(const CallFrame& frame) {
  const auto done = frame.process.mprotect(frame.address(0), frame.number(1), frame.number(2));
  return with_faults(frame, answer_of(done));
}

CallResult run_msync(const CallFrame& frame) {
  return answer_of(frame.process.msync(frame.address(0), frame.number(1), frame.number(2)));
}

CallResult run_brk(const CallFrame& frame) {
  const VirtAddr reached = frame.process.brk(frame.address(0));
  return with_faults(frame, {.value = reached.value});
}

CallResult run_setrlimit(const CallFrame& frame) {
  return answer_of(frame.process.setrlimit(frame.number(0), frame.number(1)));
}

}  // namespace faultline::scenario
