// FlatArray: a std::vector that grows without a copy: what is kept for every page of a long trace
// lies in such arrays.
//
// Growing moves the memory by the host's page tables (mremap(2)), so that it costs neither time
// nor, for a moment, twice the memory; and memory beyond size() is not touched before it is used.
// Large arrays lie in huge pages of the host where it has them (madvise(2), MADV_HUGEPAGE): they
// are read all over, and a TLB miss of the host costs more than all else. Memory: sizeof(T) an
// element, and up to 2 MiB. Of plain structs alone. Pointers and spans into it are valid until it
// grows. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "sim/base/growing_memory.h"

namespace faultline::base {

template <class T>
class FlatArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static_assert(alignof(T) <= GrowingMemory::kAlignment);

 public:
  std::size_t size() const { return size_; }
  // REQUIRES: index < size().
  T& operator[](std::size_t index) { return items_[index]; }
  const T& operator[](std::size_t index) const { return items_[index]; }
  std::span<T> span() { return {items_, size_}; }

  // Makes it at least `size` long; new elements are T{}. Amortised O(the growth). Where there is no
  // memory it does what operator new does, as every container.
  void grow_to(std::size_t size) {
    if (size <= size_) return;
    if (size > capacity_) reserve(std::max(size, 2 * capacity_));
    std::uninitialized_value_construct(items_ + size_, items_ + size);
    size_ = size;
  }

 private:
  void reserve(std::size_t capacity) {
    items_ = static_cast<T*>(memory_.grow(capacity * sizeof(T)));
    capacity_ = memory_.bytes() / sizeof(T);
  }

  GrowingMemory memory_;
  T* items_ = nullptr;  // in memory_
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace faultline::base
