// FlatArray: a std::vector that grows without a copy: what is kept for every page of a long trace
// lies in such arrays.
//
// Large blocks of realloc() are moved by the host's page tables (mremap(2)), so that growing costs
// neither time nor, for a moment, twice the memory; and memory beyond size() is not touched before
// it is used. Memory: sizeof(T) an element.
// Of plain structs alone. Pointers and spans into it are valid until it grows. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <type_traits>

namespace faultline::base {

template <class T>
class FlatArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static_assert(alignof(T) <= alignof(std::max_align_t));

 public:
  FlatArray() = default;
  ~FlatArray() { std::free(items_); }
  FlatArray(const FlatArray&) = delete;
  FlatArray& operator=(const FlatArray&) = delete;

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
    void* const larger = std::realloc(static_cast<void*>(items_), capacity * sizeof(T));
    // No memory: operator new says so for it, in its own way.
    if (larger == nullptr) static_cast<void>(std::allocator<T>().allocate(~std::size_t{0}));
    items_ = static_cast<T*>(larger);
    capacity_ = capacity;
  }

  T* items_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace faultline::base
