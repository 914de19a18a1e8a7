#include "sim/hw/mmu.h"

#include <doctest/doctest.h>

#include "tests/support/death.h"

namespace faultline::hw {
namespace {

using testing::dies_with;
using enum AccessKind;

constexpr Asid kAsid{1};

const PagingFormat& x86() { return *find_paging_format("x86-64"); }

struct Rig {
  PageTable table{x86()};
  Mmu mmu;
  explicit Rig(const TlbOptions& tlb = {}) : mmu(x86(), tlb) {}

  TranslateResult touch(uint64_t vpn, AccessKind kind, CountLookup count = CountLookup::kYes) {
    const TranslateResult result = mmu.translate(kAsid, table, {vpn}, kind, count);
    // As the access loop does: a lookup for each reference that did not end in a signal.
    if (count == CountLookup::kYes) mmu.add_lookups(kind, 1);
    mmu.validate();
    return result;
  }
  void map(uint64_t vpn, uint32_t pfn, bool write, bool execute) {
    table.set({vpn}, Pte::make(x86().pte, {pfn}, write, execute));
  }
};

TEST_CASE("Mmu: a first touch walks, a second is served by the TLB") {
  Rig rig;
  rig.map(3, 42, true, false);
  const TranslateResult first = rig.touch(3, kLoad);
  CHECK(first.pfn == Pfn{42});
  CHECK(first.walked);
  CHECK(first.entries_read == 4);
  const TranslateResult second = rig.touch(3, kLoad);
  CHECK(second.pfn == Pfn{42});
  CHECK_FALSE(second.walked);
  CHECK(rig.mmu.walk_stats().count == 1);
  CHECK(rig.mmu.walk_stats().memory_references == 4);
  CHECK(rig.mmu.tlb().stats().l1d.hits == 1);
  CHECK(rig.mmu.tlb().stats().l1d.misses == 1);
  CHECK(rig.mmu.tlb().stats().l2.misses == 1);
}

TEST_CASE("Mmu: a store through a clean entry is a hit and a walk, and the last such") {
  for (const AccessKind kind : {kStore, kModify}) {
    Rig rig;
    rig.map(3, 42, true, false);
    CHECK(rig.touch(3, kLoad).ok());
    CHECK_FALSE(rig.table.get({3}).dirty(x86().pte));
    const TranslateResult store = rig.touch(3, kind);
    CHECK(store.pfn == Pfn{42});
    CHECK(store.walked);
    CHECK(rig.table.get({3}).dirty(x86().pte));
    CHECK_FALSE(rig.touch(3, kind).walked);
    CHECK(rig.mmu.walk_stats().count == 2);
    CHECK(rig.mmu.tlb().stats().l1d.hits == 2);
    CHECK(rig.mmu.tlb().stats().l1d.misses == 1);
  }
}

TEST_CASE("Mmu: a first touch that stores brings the dirty right with it") {
  Rig rig;
  rig.map(3, 42, true, false);
  CHECK(rig.touch(3, kStore).walked);
  CHECK_FALSE(rig.touch(3, kStore).walked);
}

TEST_CASE("Mmu: faults carry the processor's error code, on a miss and on a hit") {
  struct Row {
    AccessKind kind;
    bool mapped, write, execute;
    bool ok;
    uint32_t error_code;
  };
  for (const Row& row :
       {Row{kLoad, false, false, false, false, 4}, Row{kStore, false, false, false, false, 6},
        Row{kModify, false, false, false, false, 6}, Row{kFetch, false, false, false, false, 20},
        Row{kLoad, true, false, false, true, 0}, Row{kStore, true, false, true, false, 7},
        Row{kModify, true, false, true, false, 7}, Row{kStore, true, true, false, true, 0},
        Row{kFetch, true, true, false, false, 21}, Row{kFetch, true, false, true, true, 0}}) {
    for (const bool hit : {false, true}) {
      if (hit && !row.mapped) continue;
      CAPTURE(static_cast<int>(row.kind));
      CAPTURE(row.mapped);
      CAPTURE(hit);
      Rig rig;
      if (row.mapped) rig.map(3, 42, row.write, row.execute);
      // The load fills the second level: a fetch then hits there.
      if (hit) CHECK(rig.touch(3, kLoad).ok());
      const TranslateResult result = rig.touch(3, row.kind);
      CHECK(result.ok() == row.ok);
      CHECK(result.error_code == row.error_code);
      if (hit && !row.ok) {
        CHECK_FALSE(result.walked);
        CHECK(rig.mmu.walk_stats().count == 1);
      }
      if (!hit) CHECK(rig.mmu.walk_stats().count == 1);
    }
  }
}

TEST_CASE("Mmu: a walk that faults counts what it read") {
  Rig rig;
  const TranslateResult result = rig.touch(3, kLoad);
  CHECK_FALSE(result.ok());
  CHECK(result.walked);
  CHECK(result.entries_read == 1);
  CHECK(rig.mmu.walk_stats().count == 1);
  CHECK(rig.mmu.walk_stats().memory_references == 1);
}

TEST_CASE("Mmu: after a fault the retry walks, and is no lookup") {
  Rig rig;
  CHECK_FALSE(rig.touch(3, kStore).ok());
  rig.map(3, 42, true, false);
  CHECK(rig.touch(3, kStore, CountLookup::kNo).pfn == Pfn{42});
  CHECK(rig.mmu.walk_stats().count == 2);
  CHECK(rig.mmu.walk_stats().memory_references == 5);
  CHECK(rig.mmu.tlb().stats().l1d.misses == 1);
  CHECK(rig.mmu.tlb().stats().l1d.hits == 0);
}

TEST_CASE("Mmu: a fault forgets the page, so that a right that was added is found unflushed") {
  Rig rig;
  rig.map(3, 42, false, false);
  CHECK(rig.touch(3, kLoad).ok());
  CHECK_FALSE(rig.touch(3, kStore).ok());
  rig.map(3, 43, true, false);
  CHECK(rig.touch(3, kStore, CountLookup::kNo).pfn == Pfn{43});
  CHECK(rig.touch(3, kLoad).pfn == Pfn{43});
}

TEST_CASE("Mmu: a right that was taken is granted until the flush, and no longer") {
  Rig rig;
  rig.map(3, 42, true, false);
  CHECK(rig.touch(3, kStore).ok());
  rig.map(3, 42, false, false);
  CHECK(rig.touch(3, kStore).ok());
  TlbGather gather;
  gather.add_page(kAsid, {3});
  rig.mmu.apply(gather);
  CHECK_FALSE(rig.touch(3, kStore).ok());
}

TEST_CASE("Mmu: a write-protected page that is dirty faults on a store, without a walk") {
  Rig rig;
  Pte pte = Pte::make(x86().pte, {42}, false, false);
  pte.raw |= x86().pte.dirty;
  rig.table.set({3}, pte);
  CHECK(rig.touch(3, kLoad).ok());
  const TranslateResult store = rig.touch(3, kStore);
  CHECK(store.error_code == (kFaultProtection | kFaultWrite | kFaultUser));
  CHECK_FALSE(store.walked);
}

TEST_CASE("Mmu: address spaces do not see each other's entries") {
  Rig rig;
  PageTable other(x86());
  rig.map(3, 42, true, true);
  other.set({3}, Pte::make(x86().pte, {43}, true, true));
  CHECK(rig.mmu.translate({1}, rig.table, {3}, kLoad, CountLookup::kYes).pfn == Pfn{42});
  CHECK(rig.mmu.translate({2}, other, {3}, kLoad, CountLookup::kYes).pfn == Pfn{43});
  CHECK(rig.mmu.translate({1}, rig.table, {3}, kLoad, CountLookup::kYes).pfn == Pfn{42});
  CHECK(rig.mmu.walk_stats().count == 2);
}

TEST_CASE("Mmu: with the TLB disabled every reference walks") {
  Rig rig({.enabled = false});
  rig.map(3, 42, true, false);
  for (int i = 1; i <= 5; ++i) {
    CHECK(rig.touch(3, kStore).walked);
    CHECK(rig.mmu.walk_stats().count == static_cast<uint64_t>(i));
  }
  CHECK_FALSE(rig.touch(3, kFetch).ok());
  const TlbStats stats = rig.mmu.tlb().stats();
  CHECK(stats.l1d.hits + stats.l1d.misses + stats.l1i.hits + stats.l1i.misses == 0);
  CHECK(stats.l2.hits + stats.l2.misses == 0);
}

TEST_CASE("Mmu: what a reference counted that ends in a signal is taken back, retries included") {
  Rig rig;
  rig.map(3, 42, false, false);
  CHECK(rig.touch(3, kLoad).ok());
  CHECK(rig.touch(3, kLoad).ok());
  const TlbStats before = rig.mmu.tlb().stats();
  const auto fails = [&](uint64_t vpn, AccessKind kind, CountLookup count) {
    return !rig.mmu.translate(kAsid, rig.table, {vpn}, kind, count).ok();
  };
  CHECK(fails(9, kLoad, CountLookup::kYes));  // a miss and a walk
  CHECK(fails(9, kLoad, CountLookup::kNo));   // another walk
  rig.mmu.uncount_last_reference();
  CHECK(fails(3, kStore, CountLookup::kYes));  // a hit
  rig.mmu.uncount_last_reference();
  const TlbStats after = rig.mmu.tlb().stats();
  CHECK(after.l1d.hits == before.l1d.hits);
  CHECK(after.l1d.misses == before.l1d.misses);
  CHECK(after.l2.hits == before.l2.hits);
  CHECK(after.l2.misses == before.l2.misses);
  CHECK(rig.mmu.walk_stats().count == 1);
  CHECK(rig.mmu.walk_stats().memory_references == 4);
  CHECK(dies_with([&] { rig.mmu.uncount_last_reference(); },
                  "check failed: failed_tag_ != kTlbEmptyTag"));
}

}  // namespace
}  // namespace faultline::hw
