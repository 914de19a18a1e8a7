// Powers of two, alignment, and sums that may not wrap. Linux's ALIGN, ALIGN_DOWN, IS_ALIGNED and
// check_add_overflow.
//
// Units: none; the callers' (bytes, pages). All functions are pure.

#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "sim/base/check.h"

namespace faultline::base {

// Zero is not a power of two.
constexpr bool is_power_of_two(std::uint64_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

// The sum, or nothing if it does not fit.
constexpr std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) {
  if (b > std::numeric_limits<std::uint64_t>::max() - a) return std::nullopt;
  return a + b;
}

// The largest multiple of `alignment` that is not above `value`.
// REQUIRES: alignment is a power of two.
constexpr std::uint64_t align_down(std::uint64_t value, std::uint64_t alignment) {
  FL_CHECK(is_power_of_two(alignment));
  return value & ~(alignment - 1);
}

// The smallest multiple of `alignment` that is not below `value`, or nothing if it does not fit.
// REQUIRES: alignment is a power of two.
constexpr std::optional<std::uint64_t> checked_align_up(std::uint64_t value,
                                                        std::uint64_t alignment) {
  FL_CHECK(is_power_of_two(alignment));
  const std::optional<std::uint64_t> sum = checked_add(value, alignment - 1);
  if (!sum) return std::nullopt;
  return align_down(*sum, alignment);
}

// The same where it is known to fit.
// REQUIRES: alignment is a power of two, and the result fits.
constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
  const std::optional<std::uint64_t> aligned = checked_align_up(value, alignment);
  FL_CHECK(aligned.has_value());
  return *aligned;
}

// REQUIRES: alignment is a power of two.
constexpr bool is_aligned(std::uint64_t value, std::uint64_t alignment) {
  return align_down(value, alignment) == value;
}

}  // namespace faultline::base
