// The calls on memory that is mapped already: moving, advising, locking, sealing it, and asking
// what is resident.
#include <algorithm>

#include "faultline/linux.h"
#include "sim/base/align.h"
#include "sim/scenario/handlers.h"

namespace faultline::scenario {
namespace {

// Source: Linux arch/x86/include/asm/page_64.h TASK_SIZE_MAX: no process has more.
constexpr uint64_t kMemoryBytesMax = 0x7ffffffff000;

}  // namespace

CallResult run_mremap(const CallFrame& frame) {
  const MremapArgs args{.old_address = frame.address(0),
                        .old_length_bytes = frame.number(1),
                        .new_length_bytes = frame.number(2),
                        .flags = frame.number(3),
                        .new_address = frame.has(4) ? frame.address(4) : VirtAddr{}};
  const Result<VirtAddr> result = frame.process.mremap(args);
  if (!result.ok()) return with_faults(frame, failed(result.error()));
  return with_faults(frame, {.value = result->value});
}

CallResult run_madvise(const CallFrame& frame) {
  const auto done = frame.process.madvise(frame.address(0), frame.number(1), frame.number(2));
  return with_faults(frame, answer_of(done));
}

// The answer shows bit 0 of the bytes of the first pages; the others are reserved (mincore(2)).
CallResult run_mincore(const CallFrame& frame) {
  constexpr size_t kVector = 2;
  const bool outside = frame.statement.arguments[kVector].shape == ArgumentShape::kOutside;
  const uint64_t length_bytes = std::min(frame.number(1), kMemoryBytesMax);
  const uint64_t pages = base::align_up(length_bytes, kPageBytes) / kPageBytes;
  std::vector<std::byte> vector(std::min(pages, uint64_t{kDataBytesMax}));
  const UserBuffer buffer =
      outside ? UserBuffer{.length_bytes = pages, .outside = vector}
              : UserBuffer{.address = frame.address(kVector), .length_bytes = pages};
  Answer answer = answer_of(frame.process.mincore(frame.address(0), frame.number(1), buffer));
  if (!outside) answer.faults = frame.faults_since();
  if (answer.error) return answer;
  // The pages are there, the kernel has just written to them; so looking faults nothing in.
  if (!outside) vector.resize(frame.process.load(buffer.address, vector).bytes_done);
  for (std::byte& byte : vector) byte &= std::byte{1};
  answer.data = std::move(vector);
  return answer;
}

CallResult run_mlock(const CallFrame& frame) {
  return with_faults(frame, answer_of(frame.process.mlock(frame.address(0), frame.number(1))));
}

CallResult run_mlock2(const CallFrame& frame) {
  const auto done = frame.process.mlock2(frame.address(0), frame.number(1), frame.number(2));
  return with_faults(frame, answer_of(done));
}

CallResult run_munlock(const CallFrame& frame) {
  return answer_of(frame.process.munlock(frame.address(0), frame.number(1)));
}

CallResult run_mlockall(const CallFrame& frame) {
  return with_faults(frame, answer_of(frame.process.mlockall(frame.number(0))));
}

CallResult run_munlockall(const CallFrame& frame) { return answer_of(frame.process.munlockall()); }

CallResult run_mseal(const CallFrame& frame) {
  return answer_of(frame.process.mseal(frame.address(0), frame.number(1), frame.number(2)));
}

CallResult run_remap_file_pages(const CallFrame& frame) {
  const RemapFilePagesArgs args{.address = frame.address(0),
                                .length_bytes = frame.number(1),
                                .prot = frame.number(2),
                                .pgoff = frame.number(3),
                                .flags = frame.number(4)};
  return with_faults(frame, answer_of(frame.process.remap_file_pages(args)));
}

}  // namespace faultline::scenario
