// The system calls of a process that lock memory, and those by which it sets what holds for its
// memory.
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {

Result<void> ProcessImpl::mlock(VirtAddr address, uint64_t length_bytes) {
  return system_call(
      [&] { return machine_.memory_calls_.mlock(*task_, address, length_bytes, *this); });
}

Result<void> ProcessImpl::mlock2(VirtAddr address, uint64_t length_bytes, uint64_t flags) {
  return system_call([&] {
    return machine_.memory_calls_.mlock2(*task_, {address, length_bytes}, flags, *this);
  });
}

Result<void> ProcessImpl::munlock(VirtAddr address, uint64_t length_bytes) {
  return system_call([&] { return machine_.memory_calls_.munlock(*task_, address, length_bytes); });
}

Result<void> ProcessImpl::mlockall(uint64_t flags) {
  return system_call([&] { return machine_.memory_calls_.mlockall(*task_, flags, *this); });
}

Result<void> ProcessImpl::munlockall() {
  return system_call([&] { return machine_.memory_calls_.munlockall(*task_); });
}

Result<uint64_t> ProcessImpl::prctl(uint64_t option, const std::array<uint64_t, 4>& arguments,
                                    std::string_view text) {
  return system_call([&] {
    return machine_.memory_calls_.prctl(*task_, {option, arguments, text}, *this);
  });
}

Result<uint64_t> ProcessImpl::personality(uint64_t persona) {
  return system_call(
      [&]() -> Result<uint64_t> { return machine_.memory_calls_.personality(*task_, persona); });
}

}  // namespace faultline::machine
