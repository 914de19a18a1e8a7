// GrowingMemory: memory that grows without being there twice, in huge pages once it is large.
//
// Owns: its memory. Units: bytes. Not thread-safe.
#pragma once

#include <cstddef>

namespace faultline::base {

class GrowingMemory {
 public:
  GrowingMemory() = default;
  ~GrowingMemory();
  GrowingMemory(const GrowingMemory&) = delete;
  GrowingMemory& operator=(const GrowingMemory&) = delete;

  // Makes it at least `bytes` long; what is in it stays, what is new has no value. Throws
  // std::bad_alloc where the host has no memory; nothing is changed then. REQUIRES: bytes >
  // bytes().
  void grow(std::size_t bytes);
  // Aligned as by malloc(3); valid until it grows. Null: bytes() is 0.
  void* start() const { return start_; }
  std::size_t bytes() const { return bytes_; }
  void swap(GrowingMemory& other) noexcept;

 private:
  // Whether it is a mapping of its own.
  bool large() const;

  void* start_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace faultline::base
