// The fuzz target of paging descriptions on inputs that are always the same: descriptions with
// random damage.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/fuzz/mutate.h"

namespace faultline::testing {
namespace {

void run(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

const std::vector<std::string>& corpus() {
  static const std::vector<std::string> all = {
      R"({"levels":[4,9,16],"page_bits":12,"entry_bytes":4,"user_end":"0x10000","frame_bits":9})",
      R"({"levels": [1], "page_bits": 6})",
      R"({"levels": [13, 13, 6], "page_bits": 16, "user_end": 4294967296})",
      "[4,9]",
      "\"0xffff\"",
      "-1e9",
      "{}",
      "\xff"};
  return all;
}

TEST_CASE("Fuzz smoke: paging descriptions, cut") {
  for (const std::string& text : corpus())
    for (std::size_t size = 0; size <= text.size(); ++size) run(text.substr(0, size));
}

TEST_CASE("Fuzz smoke: 20,000 paging descriptions with random damage") {
  base::Prng prng(9);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = corpus()[prng.below(3)];
    for (uint64_t digits = prng.below(4); digits > 0; --digits)
      text[prng.below(text.size())] = "0123456789,[]{}\":x"[prng.below(18)];
    run(i % 2 == 0 ? text : mutate(text, corpus(), prng));
  }
}

}  // namespace
}  // namespace faultline::testing
