// One access of the traced program: what a trace reader makes and Machine::access takes.
//
// Units: size in bytes, 1 to kAccessSizeMax.
#pragma once

#include <cstdint>

#include "faultline/types.h"

namespace faultline {

enum class AccessKind : uint8_t {
  kFetch,
  kLoad,
  kStore,
  kModify,  // a load and a store by one instruction: one access and one reference, as a store
};

inline constexpr uint32_t kAccessSizeMax = 64 << 10;

// Who touched the memory: the program itself, or the kernel while it carried out a call of the
// program's, such as read(2) into a buffer. Both count alike.
enum class AccessBy : uint8_t { kProgram, kKernel };

constexpr bool is_store(AccessKind kind) { return kind >= AccessKind::kStore; }

// 16 bytes, so that a block of them streams through the cache.
struct Access {
  VirtAddr address{};
  uint32_t size_bytes = 1;
  AccessKind kind = AccessKind::kLoad;
  AccessBy by = AccessBy::kProgram;
  uint8_t reserved[2] = {};
};
static_assert(sizeof(Access) == 16);

}  // namespace faultline
