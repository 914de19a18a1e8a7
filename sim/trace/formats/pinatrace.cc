// The format of Intel Pin's example tool pinatrace, `0x401000: R 0x7ffd1e6bd248`: its row. See
// docs/formats/pinatrace.md.
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/line_reader.h"
#include "sim/trace/scanner.h"

namespace faultline::trace {
namespace {

// As glibc's printf writes it by %p.
LineError take_pointer(Scanner& scan, VirtAddr& address) {
  if (scan.take("(nil)")) {
    address = VirtAddr{};
    return {};
  }
  return take_address(scan, HexPrefix::kRequired, address);
}

LineError take_kind(Scanner& scan, AccessKind& kind) {
  if (!scan.take(": ")) return {scan.column(), "expected a colon and a space"};
  if (!scan.take("R ") && !scan.take("W ")) return {scan.column(), "expected R or W and a space"};
  kind = scan.line[scan.position - 2] == 'W' ? AccessKind::kStore : AccessKind::kLoad;
  return {};
}

ParsedLine parse_pinatrace_line(std::string_view line) {
  Scanner scan{without_return(line)};
  // `#eof`, and the head of later versions.
  if (is_blank(scan.line) || scan.line.starts_with('#')) return {};
  ParsedLine parsed{.kind = LineKind::kAccess};
  VirtAddr instruction{};
  LineError error = take_pointer(scan, instruction);
  if (error.message.empty()) error = take_kind(scan, parsed.access.kind);
  if (error.message.empty()) error = take_pointer(scan, parsed.access.address);
  if (error.message.empty()) error = take_end(scan);
  return error.message.empty() ? parsed : malformed(error);
}

}  // namespace

Detection detect_pinatrace(const Head& head) { return detect_lines(head, parse_pinatrace_line); }

std::unique_ptr<TraceReader> make_pinatrace_reader(Content content) {
  const LineFormat format{"pinatrace", parse_each_line<parse_pinatrace_line>,
                          sizeof("0x0: R 0x0\n") - 1};
  return std::make_unique<LineReader>(format, std::move(content));
}

}  // namespace faultline::trace
