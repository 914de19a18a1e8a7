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
    CHECK_MESSAGE(pages.insert(page) == model.insert(page).second, page);
  }
  CHECK(pages.size() == model.size());
}

TEST_CASE("PageSet: pages of a space that is gone are new again, and stay counted") {
  PageSet pages;
  const auto insert_all = [&pages](uint16_t asid) {
    uint64_t fresh = 0;
    for (uint64_t page = 0; page < 5'000; ++page)
      fresh += pages.insert(hw::tlb_tag({asid}, {page * 37}));
    return fresh;
  };
  CHECK(insert_all(1) == 5'000);
  CHECK(insert_all(2) == 5'000);
  pages.forget({1});
  CHECK(pages.size() == 10'000);
  CHECK(insert_all(2) == 0);
  CHECK(insert_all(1) == 5'000);
  CHECK(insert_all(1) == 0);
  CHECK(pages.size() == 15'000);
}

}  // namespace
}  // namespace faultline::machine
