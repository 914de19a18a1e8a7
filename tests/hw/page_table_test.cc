#include "sim/hw/page_table.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::hw {

struct PageTableTestPeer {
  static void add_to_entry_count(PageTable& t) { ++t.tables_[0].entry_count; }
  static void add_to_table_pages(PageTable& t) { ++t.table_pages_; }
  static uint64_t& root_entry(PageTable& t, std::size_t i) { return t.tables_[0].entries[i]; }
  static void forget_entry(PageTable& t, Vpn vpn) {
    PageTable::LeafTable& leaf = *t.find_leaf(vpn);
    leaf.number = 0;
  }
  static void claim_accessed(PageTable& t, Vpn vpn) { t.find_leaf(vpn)->upper_accessed = true; }
};

namespace {

using testing::dies_with;

const PagingFormat& x86() { return *find_paging_format("x86-64"); }

Pte page(const PagingFormat& f, uint32_t pfn) { return Pte::make(f.pte, {pfn}, true, true); }

TEST_CASE("PageTable: a fresh one has its root alone and no entry") {
  const PageTable table(x86());
  CHECK(table.table_pages() == 1);
  CHECK(table.get({0}).none());
  CHECK(table.get({(uint64_t{1} << 36) - 1}).none());
  table.validate();
}

TEST_CASE("PageTable: VmPTE grows by the tables that a page needs (linux-semantics M5)") {
  PageTable table(x86());
  struct Row {
    uint64_t vpn;
    uint64_t pages;
  };
  const uint64_t k2Mib = 512;
  const uint64_t k1Gib = 512 * k2Mib;
  const uint64_t k512Gib = 512 * k1Gib;
  for (const Row& row : {Row{0, 4}, Row{1, 4}, Row{511, 4}, Row{k2Mib, 5}, Row{k1Gib, 7},
                         Row{k512Gib, 10}, Row{255 * k512Gib, 13}}) {
    table.set({row.vpn}, page(x86(), 1));
    CHECK(table.table_pages() == row.pages);
    table.validate();
  }
}

TEST_CASE("PageTable: takes over the tables of another within a range, without their entries") {
  PageTable other(x86());
  const uint64_t k1Gib = 512 * 512;
  for (const uint64_t vpn : {uint64_t{5}, k1Gib, k1Gib + 512, 3 * k1Gib})
    other.set({vpn}, page(x86(), 1));
  other.set({k1Gib + 512}, {});
  PageTable table(x86());
  table.set({k1Gib}, page(x86(), 2));
  table.make_tables_of(other, {6}, k1Gib + 1000);
  // The root, a table below it, one for each GiB, and three of leaves.
  CHECK(table.table_pages() == 1 + 1 + 2 + 3);
  CHECK(table.get({5}).none());
  CHECK(table.get({k1Gib}) == page(x86(), 2));
  table.validate();
  table.make_tables_of(other, {0}, 0);
  CHECK(table.table_pages() == 7);
}

TEST_CASE("PageTable: clearing keeps the tables and never makes one") {
  PageTable table(x86());
  table.set({7}, {});
  CHECK(table.table_pages() == 1);
  table.set({7}, page(x86(), 1));
  table.set({7}, {});
  CHECK(table.table_pages() == 4);
  CHECK(table.get({7}).none());
  table.validate();
}

TEST_CASE("PageTable: pages that are to move find tables where theirs were, empty ones too") {
  PageTable table(x86());
  table.set({5}, page(x86(), 1));
  table.set({5}, {});
  table.mirror_tables({512}, 512, {1 << 20});  // there is none
  CHECK(table.table_pages() == 4);
  table.mirror_tables({0}, 3, {1 << 20});
  CHECK(table.table_pages() == 6);
  table.mirror_tables({0}, 3, {(2 << 20) - 1});  // meets two, of two gigabytes
  CHECK(table.table_pages() == 10);
  table.validate();
}

TEST_CASE("PageTable: tables above the leaves' come alone, and are mirrored one level higher") {
  PageTable table(x86());
  table.make_upper_tables({5});
  CHECK(table.table_pages() == 3);
  table.make_upper_tables({6});
  CHECK(table.table_pages() == 3);
  const uint64_t k512Gib = uint64_t{512} * 512 * 512;
  table.mirror_tables({0}, 512, {k512Gib});
  CHECK(table.table_pages() == 4);
  table.mirror_tables({0}, 512 * 512, {2 * k512Gib});  // a whole GiB, with its table
  CHECK(table.table_pages() == 6);
  table.validate();
  table.free_empty_tables({0}, 4 * k512Gib);
  CHECK(table.table_pages() == 1);
}

TEST_CASE("PageTable: empty tables go, up to the root; others stay") {
  PageTable table(x86());
  table.set({0}, page(x86(), 1));
  table.set({512}, page(x86(), 2));
  table.free_empty_tables({0}, 1024);
  CHECK(table.table_pages() == 5);
  table.set({0}, {});
  table.free_empty_tables({512}, 512);  // does not reach it
  CHECK(table.table_pages() == 5);
  table.free_empty_tables({511}, 1);
  CHECK(table.table_pages() == 4);
  CHECK(table.get({512}) == page(x86(), 2));
  table.validate();
  table.set({512}, {});
  table.free_empty_tables({0}, ~uint64_t{0});
  CHECK(table.table_pages() == 1);
  table.validate();
  table.set({3}, page(x86(), 3));
  CHECK(table.get({3}) == page(x86(), 3));
  CHECK(table.table_pages() == 4);
  table.validate();
}

TEST_CASE("PageTable: tables that reach beyond the limits stay, as beside a neighbouring VMA") {
  struct Row {
    PageTable::FreeLimits limits;
    uint64_t pages_left;
  };
  const uint64_t k1Gib = 512 * 512;
  for (const Row& row :
       {Row{{}, 1}, Row{{{512}, {1024}}, 3}, Row{{{513}, {1024}}, 4}, Row{{{512}, {1023}}, 4},
        Row{{{0}, {k1Gib}}, 2}, Row{{{0}, {512 * k1Gib}}, 1}, Row{{{0}, {512 * k1Gib - 1}}, 2}}) {
    PageTable table(x86());
    table.set({600}, page(x86(), 1));
    table.set({600}, {});
    table.free_empty_tables({600}, 1, row.limits);
    CHECK(table.table_pages() == row.pages_left);
    table.validate();
  }
}

TEST_CASE("PageTable: a walk reads one entry a level, down to the first that is missing") {
  PageTable table(x86());
  struct Row {
    uint64_t vpn;
    uint8_t entries_read;
    uint8_t level;
    bool permitted;
  };
  table.set({0}, page(x86(), 5));
  for (const Row& row : {Row{0, 4, 0, true}, Row{1, 4, 0, false}, Row{512, 3, 1, false},
                         Row{512 * 512, 2, 2, false}, Row{512 * 512 * 512, 1, 3, false}}) {
    CAPTURE(row.vpn);
    const WalkResult walk = table.walk({row.vpn}, AccessKind::kLoad);
    CHECK(walk.entries_read == row.entries_read);
    CHECK(walk.level == row.level);
    CHECK(walk.permitted == row.permitted);
    CHECK(walk.leaf.none() == !row.permitted);
  }
  table.validate();
}

TEST_CASE("PageTable: five levels walk alike") {
  const PagingFormat& format = *find_paging_format("x86-64-la57");
  PageTable table(format);
  const Vpn top{(uint64_t{1} << 44) - 2};
  table.set(top, page(format, 9));
  CHECK(table.table_pages() == 5);
  const WalkResult walk = table.walk(top, AccessKind::kStore);
  CHECK(walk.permitted);
  CHECK(walk.entries_read == 5);
  CHECK(walk.leaf.pfn(format.pte) == Pfn{9});
  CHECK(table.walk({0}, AccessKind::kLoad).entries_read == 1);
  table.validate();
}

struct RightsRow {
  AccessKind kind;
  bool write, execute;
  bool permitted;  // where the format tells what can be executed
};

void check_walk(const PagingFormat& format, const RightsRow& row) {
  CAPTURE(format.name);
  CAPTURE(static_cast<int>(row.kind));
  const PteLayout& l = format.pte;
  const bool permitted = row.permitted || (row.kind == AccessKind::kFetch && !l.checks_execution());
  PageTable table(format);
  table.set({3}, Pte::make(l, {1}, row.write, row.execute));
  const WalkResult walk = table.walk({3}, row.kind);
  CHECK(walk.permitted == permitted);
  CHECK(walk.entries_read == format.levels);
  CHECK(walk.leaf == table.get({3}));
  CHECK(walk.leaf.writable(l) == row.write);
  for (int level = 0; level < format.levels; ++level) {
    const Pte entry = table.entry({3}, level);
    CHECK(entry.present(l));
    const uint64_t accessed = level == 0 ? l.accessed : l.table_accessed;
    CHECK((entry.raw & accessed) == (permitted ? accessed : 0));
    CHECK(entry.dirty(l) == (level == 0 && permitted && is_store(row.kind)));
  }
  table.validate();
}

TEST_CASE("PageTable: a permitted walk sets accessed where it can, a store dirty on the leaf") {
  using enum AccessKind;
  for (const PagingFormat& format : paging_formats()) {
    for (const RightsRow& row :
         {RightsRow{kLoad, false, false, true}, RightsRow{kLoad, true, true, true},
          RightsRow{kStore, false, true, false}, RightsRow{kStore, true, false, true},
          RightsRow{kModify, false, true, false}, RightsRow{kModify, true, false, true},
          RightsRow{kFetch, true, false, false}, RightsRow{kFetch, false, true, true}})
      check_walk(format, row);
  }
}

TEST_CASE("PageTable: each way down gets its own accessed bits") {
  PageTable table(x86());
  table.set({0}, page(x86(), 1));
  table.set({512}, page(x86(), 2));
  CHECK(table.walk({0}, AccessKind::kLoad).permitted);
  CHECK(table.entry({0}, 1).accessed(x86().pte));
  CHECK_FALSE(table.entry({512}, 1).accessed(x86().pte));
  CHECK(table.entry({512}, 2).accessed(x86().pte));  // shared
  CHECK(table.walk({512}, AccessKind::kLoad).permitted);
  CHECK(table.entry({512}, 1).accessed(x86().pte));
}

TEST_CASE("PageTable: neither a kernel's page nor one that is not present is permitted") {
  PageTable table(x86());
  Pte kernel = page(x86(), 1);
  kernel.raw &= ~x86().pte.user;
  table.set({0}, kernel);
  table.set({1}, Pte::make_swap(77));
  table.set({2}, Pte::make_prot_none({1}, true, true));
  for (const uint64_t vpn : {0u, 1u, 2u}) {
    const Pte before = table.get({vpn});
    for (const AccessKind kind : {AccessKind::kFetch, AccessKind::kLoad, AccessKind::kStore}) {
      const WalkResult walk = table.walk({vpn}, kind);
      CHECK_FALSE(walk.permitted);
      CHECK(walk.leaf == before);
      CHECK(walk.entries_read == 4);
    }
    CHECK(table.get({vpn}) == before);
  }
}

TEST_CASE("PageTable: far more leaf tables than are remembered, in a random order") {
  PageTable table(x86());
  base::Prng prng(3);
  std::map<uint64_t, Pte> model;
  for (uint32_t i = 0; i < 5'000; ++i) {
    const uint64_t vpn = prng.below(2'000) << 9 | prng.below(2);
    if (i % 3 == 0) {
      const auto it = model.find(vpn);
      CHECK(table.get({vpn}) == (it == model.end() ? Pte{} : it->second));
    }
    table.set({vpn}, page(x86(), i));
    model[vpn] = page(x86(), i);
  }
  for (const auto& [vpn, pte] : model) CHECK(table.get({vpn}) == pte);
  table.validate();
}

TEST_CASE("PageTable: a page number that is not translated is refused") {
  PageTable table(x86());
  const Vpn beyond{uint64_t{1} << 36};
  CHECK(dies_with([&] { table.set(beyond, page(x86(), 1)); }, "shifts_[format_.levels]"));
  CHECK(dies_with([&] { (void)table.get(beyond); }, "shifts_[format_.levels]"));
  CHECK(dies_with([&] { (void)table.walk(beyond, AccessKind::kLoad); }, "shifts_[format_.levels]"));
  CHECK(dies_with([&] { table.free_empty_tables(beyond + 1, 1); }, "first.value <= limit"));
}

TEST_CASE("PageTable: each broken invariant stops the program") {
  PageTable table(x86());
  table.set({0}, page(x86(), 1));
  table.set({uint64_t{1} << 27}, page(x86(), 2));
  using Peer = PageTableTestPeer;
  const auto dies = [&](auto break_it, const char* message) {
    return dies_with(
        [&] {
          break_it();
          table.validate();
        },
        message);
  };
  CHECK(dies([&] { Peer::add_to_entry_count(table); }, "entry_count == tables_[number]"));
  CHECK(dies([&] { Peer::add_to_table_pages(table); }, "table_pages_ == recount.pages"));
  CHECK(dies([&] { Peer::root_entry(table, 0) &= ~x86().pte.present; }, "present(format_.pte)"));
  CHECK(dies([&] { Peer::root_entry(table, 1) = Peer::root_entry(table, 0); }, "!recount.seen"));
  CHECK(dies([&] { Peer::root_entry(table, 0) |= 1 << 30; }, "number < tables_.size()"));
  CHECK(dies([&] { Peer::forget_entry(table, {0}); }, "found.number == leaf.number"));
  CHECK(dies([&] { Peer::claim_accessed(table, {0}); }, "found.upper_accessed"));
}

}  // namespace
}  // namespace faultline::hw
