// The readers of all formats over arbitrary bytes, decompressors included: the first byte names the
// format. Detection looks at the rest as well.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/trace/format.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/fuzz/trace_outcome.h"

namespace faultline {
namespace {

void check_detection(std::string_view bytes) {
  const trace::Head head{.bytes = bytes.substr(0, trace::kHeadBytes),
                         .whole = bytes.size() <= trace::kHeadBytes};
  for (const TraceFormat& format : trace_formats()) {
    const trace::Detection found = trace::find_format(format.name)->detect(head);
    FL_CHECK(found.records <= trace::kDetectRecords);
    FL_CHECK(!found.fits || found.records > 0);
    FL_CHECK(!found.fits || found.misfit.message.empty());
  }
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace faultline;
  if (size == 0) return 0;
  const auto formats = trace_formats();
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  testing::check_reader(*trace::find_format(formats[*data % formats.size()].name), bytes);
  check_detection(bytes);
  return 0;
}
