// Dinero's format, `2 0041f7a0`: its row. See docs/formats/din.md.
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/line_reader.h"
#include "sim/trace/scanner.h"

namespace faultline::trace {
namespace {

constexpr char kEscape = '3';
constexpr char kFlush = '4';

LineError take_label(Scanner& scan, char& label) {
  scan.take_blanks();
  label = scan.next();
  if (label < '0' || label > kFlush) return {scan.column(), "expected a label from 0 to 4"};
  ++scan.position;
  if (scan.take_blanks() == 0) return {scan.column(), "expected a space after the label"};
  return {};
}

// What stands behind the address is a comment.
LineError take_place(Scanner& scan, VirtAddr& address) {
  const LineError error = take_address(scan, HexPrefix::kOptional, address);
  if (!error.message.empty() || scan.at_end() || scan.take_blanks() > 0) return error;
  return {scan.column(), "expected a space after the address"};
}

ParsedLine parse_din_line(std::string_view line) {
  Scanner scan{without_return(line)};
  if (is_blank(scan.line)) return {};
  constexpr AccessKind kKinds[] = {AccessKind::kLoad, AccessKind::kStore, AccessKind::kFetch};
  ParsedLine parsed{.kind = LineKind::kAccess};
  char label = '0';
  LineError error = take_label(scan, label);
  if (error.message.empty()) error = take_place(scan, parsed.access.address);
  if (!error.message.empty()) return malformed(error);
  if (label == kEscape || label == kFlush) return {};
  parsed.access.kind = kKinds[label - '0'];
  return parsed;
}

}  // namespace

Detection detect_din(const Head& head) { return detect_lines(head, parse_din_line); }

std::unique_ptr<TraceReader> make_din_reader(Content content) {
  const LineFormat format{"din", parse_each_line<parse_din_line>, sizeof("0 0\n") - 1};
  return std::make_unique<LineReader>(format, std::move(content));
}

}  // namespace faultline::trace
