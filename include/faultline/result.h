// A value or the reason why there is none: how simulated system calls fail (with an Errno), and how
// the user's input is refused (with an InputError, input_error.h).
//
// Reading the wrong side is a bug of the caller and stops the program.
#pragma once

#include <cstdlib>
#include <utility>
#include <variant>

#include "faultline/errno.h"

namespace faultline {

template <class T, class E = Errno>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(E error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  const T& value() const& { return *checked(std::get_if<0>(&state_)); }
  T& value() & { return *checked(std::get_if<0>(&state_)); }
  T&& value() && { return std::move(*checked(std::get_if<0>(&state_))); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  // REQUIRES: !ok().
  const E& error() const { return *checked(std::get_if<1>(&state_)); }

 private:
  template <class P>
  static P* checked(P* side) {
    if (side == nullptr) std::abort();
    return side;
  }

  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(E error)
      : error_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return error_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: !ok().
  const E& error() const {
    const E* side = std::get_if<1>(&error_);
    if (side == nullptr) std::abort();
    return *side;
  }

 private:
  std::variant<std::monostate, E> error_;
};

}  // namespace faultline
