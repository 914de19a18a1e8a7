#include "sim/replay/trace_page_ids.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "sim/base/prng.h"

namespace faultline::replay {
namespace {

TEST_CASE("TracePageIds: the pages of all processes, in the order in which they come") {
  for (const uint64_t processes : {uint64_t{1}, uint64_t{2}, uint64_t{5}}) {
    CAPTURE(processes);
    base::Prng prng(processes);
    TracePageIds numbers;
    std::map<std::pair<uint32_t, uint64_t>, uint32_t> expected;
    for (int block = 0; block < 40; ++block) {
      // The second process comes when the first has pages, and later it is used again.
      const auto pid = block < 3 ? 7 : static_cast<uint32_t>(prng.below(processes)) + 7;
      std::vector<uint64_t> pages(prng.below(200));
      for (uint64_t& page : pages) page = prng.below(1'000) << prng.below(42);
      std::vector<uint32_t> found(pages.size(), ~uint32_t{0});
      const auto wanted = [&](size_t i) { return pages[i] % 7 != 0; };
      numbers.number(
          pid, pages.size(), [&](size_t i) { return pages[i]; }, wanted,
          [&](size_t i, uint32_t number) { found[i] = number; });
      for (size_t i = 0; i < pages.size(); ++i) {
        if (!wanted(i)) {
          CHECK(found[i] == ~uint32_t{0});
          continue;
        }
        const auto next = static_cast<uint32_t>(expected.size());
        REQUIRE(found[i] == expected.try_emplace({pid, pages[i]}, next).first->second);
      }
      CHECK(numbers.size() == expected.size());
    }
  }
}

}  // namespace
}  // namespace faultline::replay
