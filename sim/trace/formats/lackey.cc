// The format of `valgrind --tool=lackey --trace-mem=yes`: its row.
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/formats/lackey_block.h"
#include "sim/trace/formats/lackey_line.h"
#include "sim/trace/line_reader.h"

namespace faultline::trace {

Detection detect_lackey(const Head& head) { return detect_lines(head, parse_lackey_line); }

std::unique_ptr<TraceReader> make_lackey_reader(Content content) {
  const LineFormat format{"lackey", choose_lackey_parser(), kLackeyRecordBytesMin};
  return std::make_unique<LineReader>(format, std::move(content));
}

}  // namespace faultline::trace
