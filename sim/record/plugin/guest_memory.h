// The traced program's memory, as the plugin reads it: QEMU for x86-64 on x86-64 keeps it at the
// program's own addresses. What a program passes to the kernel may lie anywhere, mapped or not.
#pragma once

#include <sys/uio.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace faultline::record {

// Copies what lies at `address`. False: not all of it is mapped.
template <typename T>
bool read_guest(uint64_t address, T* values, size_t count = 1) {
  const iovec to{values, count * sizeof(T)};
  const iovec from{reinterpret_cast<void*>(address), count * sizeof(T)};
  return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == ssize_t(count * sizeof(T));
}

}  // namespace faultline::record
