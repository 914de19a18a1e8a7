// The calls of a process that advise the kernel about its memory, and that ask what is resident.
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {

Result<void> ProcessImpl::madvise(VirtAddr address, uint64_t length_bytes, uint64_t advice) {
  return system_call([&] {
    return machine_.advice_calls_.madvise(*task_, {address, length_bytes, advice}, *this);
  });
}

Result<void> ProcessImpl::mincore(VirtAddr address, uint64_t length_bytes,
                                  const UserBuffer& vector) {
  return system_call([&] {
    return machine_.advice_calls_.mincore(*task_, {address, length_bytes, vector}, *this);
  });
}

std::optional<Errno> ProcessImpl::fault_in(VirtAddr address, AccessKind kind) {
  const Touch touched = machine_.touch(*this, address, kind);
  if (touched.ok()) return std::nullopt;
  return touched.out_of_memory ? Errno::kENOMEM : Errno::kEFAULT;
}

}  // namespace faultline::machine
