// FlatArray: a std::vector that grows without being there twice: what is kept for every page of a
// long trace lies in such arrays.
//
// Large ones are moved by the host's page tables (mremap(2)), so that growing costs neither time
// nor, for a moment, twice the memory; memory beyond size() is not touched before it is used. They
// lie in huge pages where the host has them (madvise(2), MADV_HUGEPAGE): they are read all over,
// and a miss of the host's TLB costs more than all else. Memory: sizeof(T) an element, and up to 2
// MiB.
//
// Of plain structs alone. A value: a copy goes its own way. Pointers and spans into it are valid
// until it grows. Where there is no memory it does what operator new does, as every
// container. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "sim/base/growing_memory.h"

namespace faultline::base {

template <class T>
class FlatArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static_assert(alignof(T) <= alignof(std::max_align_t));

 public:
  FlatArray() = default;
  FlatArray(const FlatArray& other) {
    if (other.size_ == 0) return;
    reserve(other.size_);
    std::memcpy(static_cast<void*>(items_), other.items_, other.size_ * sizeof(T));
    size_ = other.size_;
  }
  FlatArray(FlatArray&& other) noexcept { swap(other); }
  FlatArray& operator=(FlatArray other) noexcept {
    swap(other);
    return *this;
  }
  ~FlatArray() = default;

  std::size_t size() const { return size_; }
  T* data() { return items_; }
  const T* data() const { return items_; }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }
  std::span<T> span() { return {items_, size_}; }
  // REQUIRES: index < size().
  T& operator[](std::size_t index) { return items_[index]; }
  const T& operator[](std::size_t index) const { return items_[index]; }

  // Makes it at least `size` long; new elements are T{}. Amortised O(the growth).
  void grow_to(std::size_t size) {
    if (size <= size_) return;
    make_room(size);
    std::uninitialized_value_construct(items_ + size_, items_ + size);
    size_ = size;
  }
  // The same; new elements are `value`.
  void grow_to(std::size_t size, T value) {
    if (size <= size_) return;
    make_room(size);
    std::uninitialized_fill(items_ + size_, items_ + size, value);
    size_ = size;
  }

 private:
  void make_room(std::size_t size) {
    if (size > capacity_) reserve(std::max(size, 2 * capacity_));
  }
  void reserve(std::size_t capacity) {
    memory_.grow(capacity * sizeof(T));
    items_ = static_cast<T*>(memory_.start());
    capacity_ = memory_.bytes() / sizeof(T);
  }
  void swap(FlatArray& other) noexcept {
    memory_.swap(other.memory_);
    std::swap(items_, other.items_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  GrowingMemory memory_;
  T* items_ = nullptr;  // in memory_
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace faultline::base
