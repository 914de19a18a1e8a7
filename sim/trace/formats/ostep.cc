// The format of OSTEP's homework on paging policy: page numbers. Its row. See
// docs/formats/ostep.md.
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/line_reader.h"
#include "sim/trace/scanner.h"

namespace faultline::trace {
namespace {

constexpr unsigned kPageShift = 12;  // a page number stands for the page of 4 KiB of that number
constexpr std::uint64_t kPageMax = ~std::uint64_t{0} >> kPageShift;

LineError take_page(Scanner& scan, VirtAddr& address) {
  scan.take_blanks();
  const std::size_t column = scan.column();
  const Number number = take_number<10, kPageMax>(scan);
  if (number.digits == 0) return {column, "expected a page number"};
  if (number.too_large) return {column, "the page number is above 2^52 - 1"};
  address = VirtAddr{number.value << kPageShift};
  scan.take_blanks();
  if (!scan.at_end() && scan.next() != ',') return {scan.column(), "expected a comma"};
  return {};
}

// Page numbers with commas between them: `on_page` is told of each, also of those before an error.
template <typename OnPage>
LineError parse_pages(std::string_view line, OnPage on_page) {
  Scanner scan{without_return(line)};
  if (is_blank(scan.line)) return {};
  do {
    VirtAddr address{};
    const LineError error = take_page(scan, address);
    if (!error.message.empty()) return error;
    on_page(address);
  } while (scan.take(","));
  return {};
}

ParsedBlock parse_ostep(std::string_view lines, Access* out) {
  ParsedBlock block;
  while (!lines.empty()) {
    const std::size_t size = lines.find('\n');
    const LineError error = parse_pages(
        lines.substr(0, size), [&](VirtAddr page) { out[block.accesses++] = {.address = page}; });
    if (!error.message.empty()) {
      block.error = error;
      break;
    }
    ++block.lines;
    lines.remove_prefix(size + 1);
  }
  return block;
}

// For detection, to which a line is one record.
ParsedLine parse_ostep_line(std::string_view line) {
  ParsedLine parsed;
  const LineError error = parse_pages(line, [&](VirtAddr) { parsed.kind = LineKind::kAccess; });
  return error.message.empty() ? parsed : malformed(error);
}

}  // namespace

Detection detect_ostep(const Head& head) { return detect_lines(head, parse_ostep_line); }

std::unique_ptr<TraceReader> make_ostep_reader(Content content) {
  const LineFormat format{"ostep", parse_ostep, sizeof("0\n") - 1};
  return std::make_unique<LineReader>(format, std::move(content));
}

}  // namespace faultline::trace
