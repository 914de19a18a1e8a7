// What DynamoRIO's `view` tool prints of a memory trace: its row. See
// docs/formats/drmemtrace-view.md.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/line_reader.h"
#include "sim/trace/scanner.h"

namespace faultline::trace {
namespace {

std::optional<AccessKind> take_kind(Scanner& scan) {
  if (scan.take("ifetch ")) return AccessKind::kFetch;
  if (scan.take("read ")) return AccessKind::kLoad;
  if (scan.take("write ")) return AccessKind::kStore;
  return std::nullopt;
}

bool take_digits(Scanner& scan) { return take_number<10, ~std::uint64_t{0}>(scan).digits > 0; }

// The numbers of the record and the instruction, where there are any. Whether a colon ended them.
bool take_numbers(Scanner& scan) {
  scan.take_blanks();
  for (int i = 0; i < 2 && take_digits(scan); ++i) {
    const bool colon = scan.take(":");
    scan.take_blanks();
    if (colon) return true;
  }
  return false;
}

// They, and the numbers of the window and the thread: `   10    2: W0.T3256418 `. Behind a colon
// the thread's may lack its T. False: it is some other line.
bool take_head(Scanner& scan, std::uint32_t& thread) {
  const bool colon = take_numbers(scan);
  if (scan.take("W") && (!take_digits(scan) || !scan.take("."))) return false;
  if (!scan.take("T") && !colon) return false;
  const Number number = take_number<10, ~std::uint64_t{0}>(scan);
  thread = static_cast<std::uint32_t>(number.value);
  return number.digits > 0 && scan.take_blanks() > 0;
}

// `8 byte(s) @ 0x00007fff9a9e3528` and what follows it.
LineError take_place(Scanner& scan, Access& access) {
  scan.take_blanks();
  LineError error;
  // Of xsave and xrstor DynamoRIO does not tell how much they store and load.
  if (access.kind != AccessKind::kFetch && scan.line.substr(scan.position).starts_with("0 "))
    ++scan.position;
  else
    error = take_size(scan, access.size_bytes);
  if (!error.message.empty()) return error;
  if (!scan.take(" byte(s) @ ")) return {scan.column(), "expected ' byte(s) @ '"};
  error = take_address(scan, HexPrefix::kRequired, access.address);
  if (error.message.empty() && !scan.at_end() && scan.take_blanks() == 0)
    error = {scan.column(), "expected a space after the address"};
  return error;
}

// The tool's own lines: its head, and what it counted (`   17 : total instructions`).
bool is_tools_own(std::string_view line) {
  constexpr std::array<std::string_view, 5> kBeginnings = {"Output format:", "<--", "<record#>",
                                                           "---", "View tool results:"};
  Scanner scan{line};
  scan.take_blanks();
  return scan.at_end() ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view text) { return line.starts_with(text); }) ||
         (take_digits(scan) && scan.take(" : total "));
}

// Records that are no accesses (markers, prefetches, flushes) are skipped.
ParsedLine parse_view_line(std::string_view line) {
  Scanner scan{without_return(line)};
  TraceTask task;
  if (!take_head(scan, task.tid)) {
    if (is_tools_own(scan.line)) return {};
    return malformed({1, "expected the numbers of a record, and T and a thread's"});
  }
  const std::optional<AccessKind> kind = take_kind(scan);
  if (!kind) return {};
  ParsedLine parsed{.kind = LineKind::kAccess, .access = {.kind = *kind}, .task = task};
  const LineError error = take_place(scan, parsed.access);
  return error.message.empty() ? parsed : malformed(error);
}

}  // namespace

Detection detect_drmemtrace_view(const Head& head) { return detect_lines(head, parse_view_line); }

std::unique_ptr<TraceReader> make_drmemtrace_view_reader(Content content) {
  const LineFormat format{"drmemtrace-view", parse_each_task_line<parse_view_line>,
                          sizeof("T1 read 1 byte(s) @ 0x0\n") - 1};
  return std::make_unique<LineReader>(format, std::move(content));
}

}  // namespace faultline::trace
