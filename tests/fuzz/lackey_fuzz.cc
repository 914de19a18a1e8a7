// The reader of Lackey's traces over arbitrary bytes, decompressors included. Holds it to three
// things: the sizes of reads do not matter; the fast parser and the strict one say the same; what
// comes out is an access within its bounds, or an error with a place.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/check.h"
#include "sim/trace/format.h"
#include "sim/trace/formats/lackey_block.h"
#include "sim/trace/formats/lackey_line.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/fuzz/trace_outcome.h"

namespace faultline {
namespace {

void check_block_parsers(std::string_view bytes) {
  if (!trace::has_lackey_avx2() || bytes.empty()) return;
  std::string lines(bytes);
  if (!lines.ends_with('\n')) lines += '\n';
  const std::size_t size = lines.size();
  lines.append(trace::kBlockPadding, ',');
  const std::string_view view = std::string_view(lines).substr(0, size);
  std::vector<Access> strict_out(size / trace::kLackeyRecordBytesMin + 1);
  std::vector<Access> fast_out(strict_out.size());
  const trace::ParsedBlock strict = trace::parse_lackey_portable(view, strict_out.data());
  const trace::ParsedBlock fast = trace::parse_lackey_avx2(view, fast_out.data());
  FL_CHECK(fast.accesses == strict.accesses && fast.lines == strict.lines);
  FL_CHECK(fast.error.has_value() == strict.error.has_value());
  if (fast.error) {
    FL_CHECK(fast.error->column == strict.error->column);
    FL_CHECK(fast.error->message == strict.error->message);
  }
  for (std::size_t i = 0; i < fast.accesses; ++i) {
    FL_CHECK(fast_out[i].address == strict_out[i].address);
    FL_CHECK(fast_out[i].size_bytes == strict_out[i].size_bytes);
    FL_CHECK(fast_out[i].kind == strict_out[i].kind);
  }
}

void check_input(std::string_view bytes) {
  testing::check_reader(*trace::find_format("lackey"), bytes);
  check_block_parsers(bytes);
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::check_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
