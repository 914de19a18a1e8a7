#include "sim/trace/lackey_line.h"

#include <algorithm>
#include <array>

namespace faultline::trace {
namespace {

// What Valgrind writes between the records: its messages; system calls with their ends and the
// children they made (--trace-syscalls=yes); the scheduler (--trace-sched=yes).
constexpr std::array<std::string_view, 9> kValgrindLines = {
    "==", "--", "**", "SYSCALL[", "SCHED[", "SCHEDSETJMP(", " --> [", "   fork: ", "   clone("};

constexpr std::size_t kAddressColumn = 4;
constexpr unsigned kNoDigit = 16;

ParsedLine malformed(std::size_t column, std::string_view message) {
  return {.kind = LineKind::kMalformed, .error = {column, message}};
}

bool is_skipped(std::string_view line) {
  if (line.find_first_not_of(" \t") == std::string_view::npos) return true;
  return std::any_of(kValgrindLines.begin(), kValgrindLines.end(),
                     [line](std::string_view prefix) { return line.starts_with(prefix); });
}

// The value of a hexadecimal digit, or kNoDigit.
constexpr unsigned digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return kNoDigit;
}

// Reads a line from left to right. Each step leaves `position` at the first byte it did not take.
struct Scanner {
  std::string_view line;
  std::size_t position = 0;

  // NUL stands for the end: no step takes it.
  char next() const { return position < line.size() ? line[position] : '\0'; }
  std::size_t column() const { return position + 1; }
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

// Takes `I  `, ` L `, ` S ` or ` M `. The error's message is empty if there is none.
LineError take_kind(Scanner& scan, AccessKind& kind) {
  if (scan.next() == 'I') {
    kind = AccessKind::kFetch;
    ++scan.position;
  } else if (scan.next() == ' ') {
    ++scan.position;
    switch (scan.next()) {
      case 'L':
        kind = AccessKind::kLoad;
        break;
      case 'S':
        kind = AccessKind::kStore;
        break;
      case 'M':
        kind = AccessKind::kModify;
        break;
      default:
        return {scan.column(), "expected L, S or M after the space"};
    }
    ++scan.position;
  } else {
    return {scan.column(), "expected I, or a space and L, S or M"};
  }
  for (; scan.position < kAddressColumn - 1; ++scan.position) {
    if (scan.next() == ' ') continue;
    return {scan.column(), kind == AccessKind::kFetch ? "expected two spaces after I"
                                                      : "expected a space after L, S or M"};
  }
  return {};
}

LineError take_address(Scanner& scan, VirtAddr& address) {
  const Number number = take_number<16, ~std::uint64_t{0}>(scan);
  if (number.digits == 0) return {scan.column(), "expected a hexadecimal address"};
  if (number.too_large) return {kAddressColumn, "the address does not fit in 64 bits"};
  if (scan.next() != ',') return {scan.column(), "expected a comma after the address"};
  ++scan.position;
  address = VirtAddr{number.value};
  return {};
}

LineError take_size(Scanner& scan, std::uint32_t& size_bytes) {
  const std::size_t column = scan.column();
  const Number number = take_number<10, kAccessSizeMax>(scan);
  if (number.digits == 0) return {column, "expected a size in bytes after the comma"};
  if (number.too_large) return {column, "the size is above 65536 bytes"};
  if (scan.position < scan.line.size()) return {scan.column(), "unexpected text after the size"};
  if (number.value == 0) return {column, "the size is 0"};
  size_bytes = static_cast<std::uint32_t>(number.value);
  return {};
}

}  // namespace

ParsedLine parse_lackey_line(std::string_view line) {
  static_assert(kAccessSizeMax == 65536, "a message names it");
  if (line.ends_with('\r')) line.remove_suffix(1);
  ParsedLine parsed{.kind = LineKind::kAccess};
  Scanner scan{line};
  LineError error = take_kind(scan, parsed.access.kind);
  if (!error.message.empty()) {
    // Nothing that is skipped begins as a record does.
    return is_skipped(line) ? ParsedLine{} : malformed(error.column, error.message);
  }
  error = take_address(scan, parsed.access.address);
  if (error.message.empty()) error = take_size(scan, parsed.access.size_bytes);
  return error.message.empty() ? parsed : malformed(error.column, error.message);
}

}  // namespace faultline::trace
