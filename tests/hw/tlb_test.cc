#include "sim/hw/tlb.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/support/death.h"

namespace faultline::hw {

struct TlbTestPeer {
  static TlbLevel& second(Tlb& tlb) { return tlb.second_; }
};

namespace {

using testing::dies_with;
using enum AccessKind;

constexpr uint32_t kAll = kTlbRead | kTlbWrite | kTlbExecute | kTlbDirty;

TlbEntry entry_of(uint64_t tag, uint32_t rights) { return {tag, {7}, rights}; }

// How many levels hold the page.
int copies(const Tlb& tlb, uint64_t tag) {
  int count = 0;
  tlb.for_each([&](const TlbEntry& e) { count += e.tag == tag ? 1 : 0; });
  return count;
}

TEST_CASE("Tlb: needed_rights: a modify is a store") {
  CHECK(needed_rights(kFetch) == kTlbExecute);
  CHECK(needed_rights(kLoad) == kTlbRead);
  CHECK(needed_rights(kStore) == (kTlbWrite | kTlbDirty));
  CHECK(needed_rights(kModify) == needed_rights(kStore));
}

// A lookup that counts, as the access loop makes it.
TlbEntry* look(Tlb& tlb, uint64_t tag, AccessKind kind) {
  tlb.add_lookups(kind, 1);
  return tlb.lookup(tag, kind, CountLookup::kYes);
}

TEST_CASE("Tlb: a miss counts in both levels, then each level's hit in that level") {
  Tlb tlb({});
  CHECK(look(tlb, 5, kLoad) == nullptr);
  CHECK(tlb.stats().l1d.misses == 1);
  CHECK(tlb.stats().l2.misses == 1);
  tlb.fill(entry_of(5, kAll), kLoad);
  CHECK(copies(tlb, 5) == 2);
  CHECK(look(tlb, 5, kLoad)->pfn == Pfn{7});
  CHECK(tlb.stats().l1d.hits == 1);
  CHECK(tlb.stats().l2.hits == 0);
  // The other side finds it in the second level.
  CHECK(look(tlb, 5, kFetch)->pfn == Pfn{7});
  CHECK(tlb.stats().l1i.misses == 1);
  CHECK(tlb.stats().l2.hits == 1);
  CHECK(copies(tlb, 5) == 3);
  CHECK(look(tlb, 5, kFetch) != nullptr);
  CHECK(tlb.stats().l1i.hits == 1);
  tlb.validate();
}

TEST_CASE("Tlb: a retry is looked up and not counted") {
  Tlb tlb({});
  CHECK(tlb.lookup(5, kLoad, CountLookup::kNo) == nullptr);
  tlb.fill(entry_of(5, kAll), kLoad);
  CHECK(tlb.lookup(5, kLoad, CountLookup::kNo) != nullptr);
  CHECK(tlb.lookup(5, kFetch, CountLookup::kNo) != nullptr);
  const TlbStats stats = tlb.stats();
  CHECK(stats.l1d.hits + stats.l1d.misses + stats.l2.hits + stats.l2.misses == 0);
}

TEST_CASE("Tlb: misses that are no lookups stop the program") {
  Tlb tlb({});
  CHECK(tlb.lookup(5, kLoad, CountLookup::kYes) == nullptr);
  CHECK(dies_with([&] { (void)tlb.stats(); }, "misses <= lookups_[side]"));
}

TEST_CASE("Tlb: the fast path serves what was used last and grants the access") {
  Tlb tlb({.l1d = {4, 4}, .l1i = {4, 4}, .l2 = {8, 8}});
  tlb.fill(entry_of(1, kTlbRead | kTlbWrite), kLoad);
  CHECK(tlb.front(1, kLoad)->pfn == Pfn{7});
  CHECK(tlb.front(1, kStore) == nullptr);  // not dirty yet
  CHECK(tlb.front(1, kFetch) == nullptr);  // the other side
  tlb.fill(entry_of(2, kAll), kLoad);
  CHECK(tlb.front(1, kLoad) == nullptr);  // not the last one
  CHECK(tlb.front(2, kModify) != nullptr);
}

TEST_CASE("Tlb: a fill renews the rights in every level") {
  Tlb tlb({});
  tlb.fill(entry_of(5, kTlbRead), kLoad);
  tlb.fill(entry_of(5, kTlbRead), kFetch);
  CHECK(copies(tlb, 5) == 3);
  tlb.fill(entry_of(5, kAll), kStore);
  CHECK(copies(tlb, 5) == 3);
  tlb.for_each([](const TlbEntry& e) { CHECK(e.rights == kAll); });
  tlb.validate();
}

TEST_CASE("Tlb: a fill after a miss is a fill, and so is forgetting") {
  for (const bool other_side : {false, true}) {
    Tlb filled({.l1d = {2, 2}, .l1i = {2, 2}, .l2 = {1, 1}});
    if (other_side) filled.fill(entry_of(5, kTlbRead), kFetch);
    filled.fill(entry_of(6, kAll), kLoad);  // the second level holds one page: not 5 any more
    Tlb after_miss({.l1d = {2, 2}, .l1i = {2, 2}, .l2 = {1, 1}});
    if (other_side) after_miss.fill(entry_of(5, kTlbRead), kFetch);
    after_miss.fill(entry_of(6, kAll), kLoad);
    const auto entries = [](const Tlb& tlb) {
      std::vector<TlbEntry> all;
      tlb.for_each([&](const TlbEntry& entry) { all.push_back(entry); });
      return all;
    };
    CHECK(copies(after_miss, 5) == (other_side ? 1 : 0));
    filled.flush_page(5);
    after_miss.flush_missed(5, kLoad);
    CHECK(entries(after_miss) == entries(filled));
    if (other_side) {
      filled.fill(entry_of(7, kAll), kFetch);
      after_miss.fill(entry_of(7, kAll), kFetch);
    }
    filled.fill(entry_of(5, kAll), kStore);
    after_miss.fill_missed(entry_of(5, kAll), kStore);
    CHECK(entries(after_miss) == entries(filled));
    after_miss.validate();
  }
  Tlb disabled({.enabled = false});
  disabled.fill_missed(entry_of(5, kAll), kLoad);
  CHECK(copies(disabled, 5) == 0);
}

TEST_CASE("Tlb: what the first level drops stays in the second, and the other way round") {
  Tlb small_first({.l1d = {1, 1}, .l1i = {1, 1}, .l2 = {4, 4}});
  small_first.fill(entry_of(1, kAll), kLoad);
  small_first.fill(entry_of(2, kAll), kLoad);
  CHECK(look(small_first, 1, kLoad) != nullptr);
  CHECK(small_first.stats().l2.hits == 1);
  Tlb small_second({.l1d = {4, 4}, .l1i = {4, 4}, .l2 = {1, 1}});
  small_second.fill(entry_of(1, kAll), kLoad);
  small_second.fill(entry_of(2, kAll), kLoad);
  CHECK(look(small_second, 1, kLoad) != nullptr);
  CHECK(small_second.stats().l1d.hits == 1);
  small_first.validate();
  small_second.validate();
}

TEST_CASE("Tlb: a gather is applied to all levels and is empty then") {
  Tlb tlb({});
  for (const Asid asid : {Asid{1}, Asid{2}}) {
    for (uint64_t page = 0; page < 10; ++page) {
      tlb.fill(entry_of(tlb_tag(asid, {page}), kAll), kLoad);
      tlb.fill(entry_of(tlb_tag(asid, {page}), kAll), kFetch);
    }
  }
  TlbGather gather;
  gather.add_page({1}, {3});
  gather.add_range({1}, {6}, 3);
  gather.add_space({2});
  tlb.apply(gather);
  CHECK(gather.empty());
  for (uint64_t page = 0; page < 10; ++page) {
    CAPTURE(page);
    const bool gone = page == 3 || (page >= 6 && page < 9);
    CHECK(copies(tlb, tlb_tag({1}, {page})) == (gone ? 0 : 3));
    CHECK(copies(tlb, tlb_tag({2}, {page})) == 0);
  }
  tlb.flush_page(tlb_tag({1}, {0}));
  CHECK(copies(tlb, tlb_tag({1}, {0})) == 0);
  tlb.validate();
}

TEST_CASE("Tlb: disabled, it holds nothing and counts nothing") {
  Tlb tlb({.enabled = false, .l1d = {}, .l1i = {}, .l2 = {}});
  tlb.fill(entry_of(0, kAll), kLoad);
  CHECK(look(tlb, 0, kLoad) == nullptr);
  CHECK(tlb.front(0, kLoad) == nullptr);
  CHECK(copies(tlb, 0) == 0);
  const TlbStats stats = tlb.stats();
  CHECK(stats.l1d.hits + stats.l1d.misses + stats.l2.hits + stats.l2.misses == 0);
  TlbGather gather;
  gather.add_page({0}, {0});
  tlb.apply(gather);
  CHECK(gather.empty());
}

TEST_CASE("Tlb: levels that disagree stop the program") {
  Tlb tlb({});
  tlb.fill(entry_of(5, kTlbRead), kLoad);
  CHECK(dies_with(
      [&] {
        TlbTestPeer::second(tlb).find(5)->rights = kAll;
        tlb.validate();
      },
      "other == entry"));
}

}  // namespace
}  // namespace faultline::hw
