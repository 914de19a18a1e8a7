// Scanner: reads a line of text from left to right, for the strict parsers of formats of lines.
//
// Units: columns in bytes, from 1. Pure values; any thread may use them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "faultline/access.h"
#include "sim/trace/line.h"

namespace faultline::trace {

// Not a hexadecimal digit.
inline constexpr unsigned kNoDigit = 16;

// The value of a hexadecimal digit, or kNoDigit.
constexpr unsigned digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return kNoDigit;
}

// Each step leaves `position` at the first byte it did not take.
struct Scanner {
  std::string_view line;
  std::size_t position = 0;

  // NUL stands for the end: no step takes it.
  char next() const { return position < line.size() ? line[position] : '\0'; }
  bool at_end() const { return position >= line.size(); }
  std::size_t column() const { return position + 1; }
  // Whether it took `text`, all of it.
  bool take(std::string_view text) {
    if (!line.substr(position).starts_with(text)) return false;
    position += text.size();
    return true;
  }
  // Takes spaces and tabs; how many.
  std::size_t take_blanks() {
    const std::size_t begin = position;
    while (next() == ' ' || next() == '\t') ++position;
    return position - begin;
  }
};

struct Number {
  std::uint64_t value = 0;
  std::size_t digits = 0;
  bool too_large = false;  // above the largest; the value is worth nothing then
};

template <unsigned kBase, std::uint64_t kMax>
Number take_number(Scanner& scan) {
  Number number;
  for (unsigned digit; (digit = digit_value(scan.next())) < kBase; ++scan.position) {
    // Once too large, it stays so: the value is kept where it was.
    number.too_large = number.too_large || number.value > (kMax - digit) / kBase;
    if (!number.too_large) number.value = number.value * kBase + digit;
    ++number.digits;
  }
  return number;
}

inline ParsedLine malformed(const LineError& error) {
  return {.kind = LineKind::kMalformed, .error = error};
}

// The steps below say what is wrong; the error's message is empty where nothing is.

// Whether an address may, must not or must begin with 0x.
enum class HexPrefix : std::uint8_t { kNone, kOptional, kRequired };

LineError take_address(Scanner& scan, HexPrefix prefix, VirtAddr& address);
// A size in bytes: decimal, 1 to kAccessSizeMax.
LineError take_size(Scanner& scan, std::uint32_t& size_bytes);
// Blanks, and the end of the line.
LineError take_end(Scanner& scan);

// Without the carriage return that a line of DOS ends in.
inline std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

inline bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace faultline::trace
