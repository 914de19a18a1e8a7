// GrowingMemory: zeroed memory that grows without being copied, in huge pages once it is large.
//
// Owns: a mapping of the host. Units: bytes. Not thread-safe.
#pragma once

#include <cstddef>

namespace faultline::base {

class GrowingMemory {
 public:
  static constexpr std::size_t kAlignment = 4096;

  GrowingMemory() = default;
  ~GrowingMemory();
  GrowingMemory(const GrowingMemory&) = delete;
  GrowingMemory& operator=(const GrowingMemory&) = delete;

  // Makes it at least `bytes` long, and says where it is now. Throws std::bad_alloc where the host
  // has no memory; nothing is changed then. REQUIRES: bytes > bytes().
  void* grow(std::size_t bytes);
  std::size_t bytes() const { return bytes_; }

 private:
  void* start_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace faultline::base
