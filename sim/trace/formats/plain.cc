// The simplest format to write by hand or by a program, `[pid] op addr [size]`: its row. See
// docs/formats/plain.md.
#include <limits>
#include <optional>
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/line_reader.h"
#include "sim/trace/scanner.h"

namespace faultline::trace {
namespace {

std::optional<AccessKind> kind_of(char op) {
  switch (op) {
    case 'R':
    case 'r':
    case 'L':
    case 'l':
      return AccessKind::kLoad;
    case 'W':
    case 'w':
    case 'S':
    case 's':
      return AccessKind::kStore;
    case 'M':
    case 'm':
      return AccessKind::kModify;
    case 'I':
    case 'i':
    case 'F':
    case 'f':
      return AccessKind::kFetch;
    default:
      return std::nullopt;
  }
}

// The number of the process, where there is one.
LineError take_process(Scanner& scan, TraceTask& task) {
  static_assert(std::numeric_limits<std::uint32_t>::max() == 4294967295, "a message names it");
  const std::size_t column = scan.column();
  const Number number = take_number<10, std::numeric_limits<std::uint32_t>::max()>(scan);
  if (number.digits == 0) return {};
  if (number.too_large) return {column, "the process is above 4294967295"};
  if (scan.take_blanks() == 0) return {scan.column(), "expected a space after the process"};
  task.pid = static_cast<std::uint32_t>(number.value);
  return {};
}

LineError take_kind(Scanner& scan, AccessKind& kind) {
  const std::optional<AccessKind> found = kind_of(scan.next());
  if (!found) return {scan.column(), "expected one of the letters R, L, W, S, M, I and F"};
  kind = *found;
  ++scan.position;
  if (scan.take_blanks() == 0) return {scan.column(), "expected a space after the letter"};
  return {};
}

bool at_comment_or_end(const Scanner& scan) { return scan.at_end() || scan.next() == '#'; }

// The address and, if there is one, the size.
LineError take_place(Scanner& scan, Access& access) {
  LineError error = take_address(scan, HexPrefix::kOptional, access.address);
  if (!error.message.empty() || scan.at_end()) return error;
  if (scan.take_blanks() == 0) return {scan.column(), "expected a space after the address"};
  if (at_comment_or_end(scan)) return {};
  error = take_size(scan, access.size_bytes);
  if (!error.message.empty() || scan.at_end()) return error;
  if (scan.take_blanks() > 0 && at_comment_or_end(scan)) return {};
  return {scan.column(), "unexpected text at the end of the record"};
}

// Linux gives no process the number 0, which stands for "not known" in a task.
std::optional<LineError> find_process_zero(std::string_view line) {
  const std::size_t at = line.find_first_not_of(" \t");
  if (line[at] != '0') return std::nullopt;
  return LineError{at + 1, "the process is 0"};
}

// Process 0 and all: to detection it is a process like others, so that the reader can say what is
// wrong with it.
ParsedLine parse_any_line(std::string_view line) {
  Scanner scan{without_return(line)};
  scan.take_blanks();
  if (at_comment_or_end(scan)) return {};
  ParsedLine parsed{.kind = LineKind::kAccess};
  LineError error = take_process(scan, parsed.task);
  if (error.message.empty()) error = take_kind(scan, parsed.access.kind);
  if (error.message.empty()) error = take_place(scan, parsed.access);
  return error.message.empty() ? parsed : malformed(error);
}

ParsedLine parse_plain_line(std::string_view line) {
  const ParsedLine parsed = parse_any_line(line);
  if (parsed.kind != LineKind::kAccess || parsed.task.pid != 0) return parsed;
  const auto error = find_process_zero(line);
  return error ? malformed(*error) : parsed;
}

}  // namespace

Detection detect_plain(const Head& head) { return detect_lines(head, parse_any_line); }

std::unique_ptr<TraceReader> make_plain_reader(Content content) {
  const LineFormat format{"plain", parse_each_task_line<parse_plain_line>, sizeof("R 0\n") - 1};
  return std::make_unique<LineReader>(format, std::move(content));
}

}  // namespace faultline::trace
