// The format of course traces, `0041f7a0 R`: its row. See docs/formats/hexrw.md.
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/line_reader.h"
#include "sim/trace/scanner.h"

namespace faultline::trace {
namespace {

LineError take_kind(Scanner& scan, AccessKind& kind) {
  if (scan.take_blanks() == 0) return {scan.column(), "expected a space after the address"};
  const bool store = scan.next() == 'W' || scan.next() == 'w';
  if (!store && scan.next() != 'R' && scan.next() != 'r')
    return {scan.column(), "expected R or W after the address"};
  ++scan.position;
  kind = store ? AccessKind::kStore : AccessKind::kLoad;
  return take_end(scan);
}

ParsedLine parse_hexrw_line(std::string_view line) {
  Scanner scan{without_return(line)};
  if (is_blank(scan.line)) return {};
  ParsedLine parsed{.kind = LineKind::kAccess};
  LineError error = take_address(scan, HexPrefix::kOptional, parsed.access.address);
  if (error.message.empty()) error = take_kind(scan, parsed.access.kind);
  return error.message.empty() ? parsed : malformed(error);
}

}  // namespace

Detection detect_hexrw(const Head& head) { return detect_lines(head, parse_hexrw_line); }

std::unique_ptr<TraceReader> make_hexrw_reader(Content content) {
  const LineFormat format{"hexrw", parse_each_line<parse_hexrw_line>, sizeof("0 R\n") - 1};
  return std::make_unique<LineReader>(format, std::move(content));
}

}  // namespace faultline::trace
