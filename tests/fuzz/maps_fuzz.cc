// /proc/PID/maps listings: what is refused is refused within the text; what is taken reads the same
// when it is printed and read again, and a machine takes it or refuses it whole.
#include <algorithm>
#include <string>
#include <string_view>

#include "faultline/machine.h"
#include "sim/base/check.h"
#include "sim/replay/maps_file.h"
#include "tests/fuzz/fuzz_entry.h"

namespace faultline {
namespace {

void check_error(std::string_view text, const InputError& error) {
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  FL_CHECK(!error.message.empty());
  FL_CHECK(error.line <= static_cast<uint64_t>(lines));
}

std::string print(const std::vector<MapsLine>& lines) {
  std::string text;
  for (const MapsLine& line : lines) text += line.to_string() + "\n";
  return text;
}

void fuzz_maps(std::string_view text) {
  const auto lines = replay::parse_maps("fuzz.maps", text);
  if (!lines.ok()) return check_error(text, lines.error());
  const std::string printed = print(*lines);
  const auto again = replay::parse_maps("again.maps", printed);
  FL_CHECK(again.ok() && print(*again) == printed);

  const auto machine = make_machine({.contents = Contents::kNone});
  FL_CHECK(machine.ok());
  Process& process = (*machine)->start_empty_process();
  if (!(*machine)->load_maps(process, *lines).ok()) FL_CHECK(process.maps().empty());
  (*machine)->validate();
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::fuzz_maps({reinterpret_cast<const char*>(data), size});
  return 0;
}
