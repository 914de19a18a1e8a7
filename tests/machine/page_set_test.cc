#include "sim/machine/page_set.h"

#include <doctest/doctest.h>

#include <set>

#include "sim/base/prng.h"

namespace faultline::machine {
namespace {

TEST_CASE("PageSet: as std::set, over pages near each other and far apart") {
  base::Prng prng(7);
  PageSet pages;
  std::set<uint64_t> model;
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t page = prng.below(2) == 0 ? prng.below(50'000) : prng.below(200) << 36;
    CHECK_MESSAGE(pages.insert(Vpn{page}) == model.insert(page).second, page);
  }
}

}  // namespace
}  // namespace faultline::machine
