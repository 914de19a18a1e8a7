#include "sim/trace/line.h"

namespace faultline::trace {

Detection detect_lines(const Head& head, LineParser parse) {
  Detection found;
  std::string_view rest = head.bytes;
  for (std::uint64_t number = 1; !rest.empty() && found.records < kDetectRecords; ++number) {
    const std::size_t size = rest.find('\n');
    if (size == std::string_view::npos && !head.whole) break;  // the line goes on
    const ParsedLine line = parse(rest.substr(0, size));
    if (line.kind == LineKind::kMalformed) {
      found.misfit = {
          .line = number, .column = line.error.column, .message = std::string(line.error.message)};
      return found;
    }
    if (line.kind == LineKind::kAccess) ++found.records;
    rest.remove_prefix(size == std::string_view::npos ? rest.size() : size + 1);
  }
  found.fits = found.records > 0;
  return found;
}

}  // namespace faultline::trace
