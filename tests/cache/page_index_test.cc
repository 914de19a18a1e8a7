#include "sim/cache/page_index.h"

#include <doctest/doctest.h>

#include <map>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::cache {

struct PageIndexTestPeer {
  static void add_empty_node(PageIndex& index) { index.nodes_[99]; }
  static void mark_absent(PageIndex& index, uint64_t pgoff) {
    index.nodes_[pgoff >> PageIndex::kSlotBits].dirty |= PageIndex::bit_of(pgoff);
  }
  static void miscount(PageIndex& index) { ++index.count_; }
  static void miscount_dirty(PageIndex& index) { ++index.dirty_count_; }
};

namespace {

using testing::dies_with;

TEST_CASE("PageIndex: finds what was put in, at both ends of the numbers") {
  PageIndex index;
  const uint64_t last = ~uint64_t{0};
  for (const uint64_t pgoff : {uint64_t{0}, uint64_t{63}, uint64_t{64}, last}) {
    CHECK(index.find(pgoff) == kNoPfn);
    index.insert(pgoff, Pfn{uint32_t(pgoff & 0xff) + 1});
    CHECK(index.find(pgoff) == Pfn{uint32_t(pgoff & 0xff) + 1});
    index.validate();
  }
  CHECK(index.first_from(65)->pgoff == last);
  CHECK(index.first_from(last)->pgoff == last);
}

TEST_CASE("PageIndex: a page taken out and put back has no mark") {
  PageIndex index;
  index.insert(5, Pfn{1});
  CHECK(index.set_dirty(5));
  CHECK_FALSE(index.set_dirty(5));
  index.erase(5);
  CHECK(index.dirty_count() == 0);
  index.insert(5, Pfn{2});
  CHECK_FALSE(index.dirty(5));
  CHECK_FALSE(index.clear_dirty(5));
}

TEST_CASE("PageIndex: random calls agree with a plain map") {
  base::Prng prng(11);
  PageIndex index;
  std::map<uint64_t, std::pair<Pfn, bool>> model;
  for (int step = 0; step < 20000; ++step) {
    const uint64_t pgoff = prng.below(400);
    const auto known = model.find(pgoff);
    REQUIRE(index.find(pgoff) == (known == model.end() ? kNoPfn : known->second.first));
    REQUIRE(index.dirty(pgoff) == (known != model.end() && known->second.second));
    if (known == model.end()) {
      const Pfn pfn{uint32_t(prng.below(1000))};
      index.insert(pgoff, pfn);
      model[pgoff] = {pfn, false};
    } else if (prng.below(3) == 0) {
      index.erase(pgoff);
      model.erase(known);
    } else {
      const bool want = prng.below(2) == 0;
      const bool changed = want ? index.set_dirty(pgoff) : index.clear_dirty(pgoff);
      REQUIRE(changed == (known->second.second != want));
      known->second.second = want;
    }
    const uint64_t from = prng.below(500);
    auto next = model.lower_bound(from);
    const auto found = index.first_from(from);
    REQUIRE(found.has_value() == (next != model.end()));
    if (found) REQUIRE((found->pgoff == next->first && found->pfn == next->second.first));
    while (next != model.end() && !next->second.second) ++next;
    const auto dirty = index.first_dirty_from(from);
    REQUIRE(dirty.has_value() == (next != model.end()));
    if (dirty) REQUIRE(dirty->pgoff == next->first);
    REQUIRE(index.count() == model.size());
    index.validate();
  }
}

TEST_CASE("PageIndex: wrong calls stop the program") {
  PageIndex index;
  index.insert(1, Pfn{1});
  CHECK(dies_with([&] { index.insert(1, Pfn{2}); }, "(node->present & bit_of(pgoff)) == 0"));
  CHECK(dies_with([&] { index.erase(2); }, "(node->present & bit_of(pgoff)) != 0"));
  CHECK(dies_with([&] { index.set_dirty(200); }, "node != nullptr"));
}

TEST_CASE("PageIndex: validate sees each broken invariant") {
  PageIndex index;
  index.insert(1, Pfn{1});
  SUBCASE("1: an empty node") {
    PageIndexTestPeer::add_empty_node(index);
    CHECK(dies_with([&] { index.validate(); }, "node 99 is empty"));
  }
  SUBCASE("1: a mark without a page") {
    PageIndexTestPeer::mark_absent(index, 2);
    CHECK(dies_with([&] { index.validate(); }, "node 0 marks a page it does not have"));
  }
  SUBCASE("2: the count") {
    PageIndexTestPeer::miscount(index);
    CHECK(dies_with([&] { index.validate(); }, "count == count_"));
  }
  SUBCASE("2: the count of dirty pages") {
    PageIndexTestPeer::miscount_dirty(index);
    CHECK(dies_with([&] { index.validate(); }, "dirty_count == dirty_count_"));
  }
}

}  // namespace
}  // namespace faultline::cache
