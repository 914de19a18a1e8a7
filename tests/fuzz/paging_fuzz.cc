// Descriptions of paging formats: what is refused is refused within the text; whatever is taken has
// tables that can be made, and walked at both ends.
#include <string_view>

#include "sim/base/check.h"
#include "sim/hw/page_table.h"
#include "sim/hw/paging_description.h"
#include "tests/fuzz/fuzz_entry.h"

namespace faultline::hw {
namespace {

void fuzz_description(std::string_view text) {
  const auto format = parse_paging_format(text);
  if (!format) {
    FL_CHECK(!format.error().message.empty());
    FL_CHECK(format.error().byte_offset.value_or(0) <= text.size());
    return;
  }
  PageTable table(*format);
  const Vpn last{format->page_size().vpn(format->user_end()).value - 1};
  for (const Vpn page : {last, Vpn{0}}) {
    table.set(page, Pte::make(format->pte, {1}, true, true));
    FL_CHECK(table.walk(page, AccessKind::kStore).permitted);
  }
}

}  // namespace
}  // namespace faultline::hw

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::hw::fuzz_description({reinterpret_cast<const char*>(data), size});
  return 0;
}
