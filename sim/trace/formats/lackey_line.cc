#include "sim/trace/formats/lackey_line.h"

#include <algorithm>
#include <array>

#include "sim/trace/scanner.h"

namespace faultline::trace {
namespace {

// What Valgrind writes between the records: its messages; system calls with their ends and the
// children they made (--trace-syscalls=yes); the scheduler (--trace-sched=yes).
constexpr std::array<std::string_view, 9> kValgrindLines = {
    "==", "--", "**", "SYSCALL[", "SCHED[", "SCHEDSETJMP(", " --> [", "   fork: ", "   clone("};

bool is_skipped(std::string_view line) {
  if (is_blank(line)) return true;
  return std::any_of(kValgrindLines.begin(), kValgrindLines.end(),
                     [line](std::string_view prefix) { return line.starts_with(prefix); });
}

// Takes `I  `, `I `, ` L `, ` S ` or ` M `. The error's message is empty if there is none.
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
  if (!scan.take(" "))
    return {scan.column(), kind == AccessKind::kFetch ? "expected two spaces after I"
                                                      : "expected a space after L, S or M"};
  // Lackey writes two behind I; the handout of CS:APP's Cache Lab shows one.
  if (kind == AccessKind::kFetch) scan.take(" ");
  return {};
}

// The address, the comma and the size, to the end.
LineError take_place(Scanner& scan, Access& access) {
  LineError error = take_address(scan, HexPrefix::kNone, access.address);
  if (!error.message.empty()) return error;
  if (!scan.take(",")) return {scan.column(), "expected a comma after the address"};
  error = take_size(scan, access.size_bytes);
  if (!error.message.empty()) return error;
  // A line of the Cache Lab's dave.trace ends in a space.
  scan.take_blanks();
  if (!scan.at_end()) return {scan.column(), "unexpected text after the size"};
  return {};
}

}  // namespace

ParsedLine parse_lackey_line(std::string_view line) {
  line = without_return(line);
  ParsedLine parsed{.kind = LineKind::kAccess};
  Scanner scan{line};
  LineError error = take_kind(scan, parsed.access.kind);
  if (!error.message.empty()) {
    // Nothing that is skipped begins as a record does.
    return is_skipped(line) ? ParsedLine{} : malformed(error);
  }
  error = take_place(scan, parsed.access);
  return error.message.empty() ? parsed : malformed(error);
}

}  // namespace faultline::trace
