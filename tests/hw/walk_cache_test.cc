#include "sim/hw/walk_cache.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "faultline/options.h"
#include "sim/base/prng.h"
#include "sim/hw/mmu.h"
#include "sim/hw/page_table.h"
#include "sim/hw/paging_format.h"
#include "sim/hw/tlb_gather.h"

namespace faultline::hw {
namespace {

constexpr Asid kAsid{1};
constexpr uint64_t k2Mib = 512;
constexpr uint64_t k1Gib = 512 * k2Mib;

const PagingFormat& x86() { return *find_paging_format("x86-64"); }

// Without a TLB, every access walks.
struct Rig {
  explicit Rig(const WalkCacheOptions& caches) : mmu(x86(), {.enabled = false}, caches) {}

  void map(uint64_t vpn) { table.set({vpn}, Pte::make(x86().pte, {7}, true, true)); }
  int read(uint64_t vpn, AccessKind kind = AccessKind::kLoad) {
    return mmu.translate(kAsid, table, {vpn}, kind, CountLookup::kYes).entries_read;
  }
  uint64_t hits(std::size_t i) const { return mmu.walk_cache_stats().levels[i].hits; }
  uint64_t misses(std::size_t i) const { return mmu.walk_cache_stats().levels[i].misses; }

  PageTable table{x86()};
  Mmu mmu;
};

TEST_CASE("WalkCache: a walk begins below the lowest entry that is held") {
  Rig rig({.levels = {{{4, 4}, {4, 4}, {4, 4}}}});
  for (const uint64_t vpn : {uint64_t{0}, uint64_t{1}, k2Mib, k1Gib, 512 * k1Gib}) rig.map(vpn);
  CHECK(rig.read(0) == 4);            // nothing is held
  CHECK(rig.read(1) == 1);            // the PDE is
  CHECK(rig.read(k2Mib) == 2);        // the PDPTE
  CHECK(rig.read(k1Gib) == 3);        // the PML4E
  CHECK(rig.read(512 * k1Gib) == 4);  // another one
  CHECK(rig.read(0) == 1);
  CHECK(rig.hits(0) == 2);
  CHECK(rig.misses(0) == 4);
  CHECK(rig.hits(1) == 1);
  CHECK(rig.misses(1) == 3);
  CHECK(rig.hits(2) == 1);
  CHECK(rig.misses(2) == 2);
  CHECK(rig.mmu.walk_stats().memory_references == 4 + 1 + 2 + 3 + 4 + 1);
}

TEST_CASE("WalkCache: a level that is not cached is read, whatever lies below and above") {
  Rig rig({.levels = {{{}, {4, 4}}}});
  rig.map(0);
  rig.map(k2Mib);
  CHECK(rig.read(0) == 4);
  CHECK(rig.read(0) == 2);
  CHECK(rig.read(k2Mib) == 2);
  CHECK(rig.hits(0) + rig.misses(0) == 0);
}

TEST_CASE("WalkCache: a level keeps what was used last") {
  Rig rig({.levels = {{{2, 2}}}});
  for (uint64_t i = 0; i < 3; ++i) rig.map(i * k2Mib);
  CHECK(rig.read(0) == 4);
  CHECK(rig.read(k2Mib) == 4);
  CHECK(rig.read(0) == 1);
  CHECK(rig.read(2 * k2Mib) == 4);  // in place of the second
  CHECK(rig.read(0) == 1);
  CHECK(rig.read(k2Mib) == 4);
}

TEST_CASE("WalkCache: a fault reads from where it is held, and drops that") {
  Rig rig({.levels = {{{4, 4}, {4, 4}, {4, 4}}}});
  rig.map(0);
  rig.map(k2Mib);
  CHECK(rig.read(0) == 4);
  CHECK(rig.read(5) == 1);  // not present
  CHECK(rig.read(0) == 4);  // the fault dropped all that leads there
  CHECK(rig.read(k2Mib) == 2);
  CHECK(rig.read(k1Gib) == 1);  // the PML4E is held; the PDPTE is not present
}

TEST_CASE("WalkCache: whatever is flushed, all of the address space goes, and no other") {
  WalkCacheOptions caches{.levels = {{{8, 8}}}};
  Rig rig(caches);
  rig.map(0);
  PageTable other(x86());
  other.set({0}, Pte::make(x86().pte, {9}, true, true));
  const auto read_other = [&] {
    return int{
        rig.mmu.translate({2}, other, {0}, AccessKind::kLoad, CountLookup::kYes).entries_read};
  };
  CHECK(rig.read(0) == 4);
  CHECK(read_other() == 4);
  rig.mmu.flush_page(kAsid, {k1Gib});
  CHECK(rig.read(0) == 4);
  CHECK(read_other() == 1);
  TlbGather gather;
  gather.add_page({2}, {77});
  rig.mmu.apply(gather);
  CHECK(rig.read(0) == 1);
  CHECK(read_other() == 4);
}

TEST_CASE("WalkCache: a table that is freed is not begun at, even if nothing was flushed") {
  Rig rig({.levels = {{{4, 4}, {4, 4}, {4, 4}}}});
  rig.map(0);
  CHECK(rig.read(0) == 4);
  rig.table.set({0}, {});
  rig.table.free_empty_tables({0}, 512);
  CHECK(rig.read(0) == 1);  // the root's entry is none
  rig.map(0);
  CHECK(rig.read(0) == 4);
}

// A list for each set, and a table that never frees: what is held, said as plainly as can be.
class NaiveCaches {
 public:
  explicit NaiveCaches(const WalkCacheOptions& options) : options_(options) {
    for (const TlbLevelOptions& level : options.levels)
      sets_.emplace_back(level.entries == 0 ? 0 : level.entries / level.ways);
  }
  // `end` is the level where the walk ends, `shifts` those of each level's entries.
  int entries_read(uint64_t vpn, const std::vector<int>& shifts, int end, bool permitted) {
    int begin = static_cast<int>(shifts.size());
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      if (sets_[i].empty() || !use(i, vpn >> shifts[i])) continue;
      begin = static_cast<int>(i);
      break;
    }
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      if (sets_[i].empty()) continue;
      const uint64_t entry = vpn >> shifts[i];
      if (!permitted)
        set(i, entry).remove(entry);
      else if (!use(i, entry))
        put(i, entry);
    }
    return begin - end + 1;
  }
  void flush() {
    for (auto& level : sets_)
      for (auto& set : level) set.clear();
  }

 private:
  std::list<uint64_t>& set(std::size_t i, uint64_t entry) {
    return sets_[i][entry % sets_[i].size()];
  }
  bool use(std::size_t i, uint64_t entry) {
    std::list<uint64_t>& list = set(i, entry);
    for (auto it = list.begin(); it != list.end(); ++it) {
      if (*it != entry) continue;
      list.splice(list.begin(), list, it);
      return true;
    }
    return false;
  }
  void put(std::size_t i, uint64_t entry) {
    std::list<uint64_t>& list = set(i, entry);
    list.push_front(entry);
    if (list.size() > options_.levels[i].ways) list.pop_back();
  }

  WalkCacheOptions options_;
  std::vector<std::vector<std::list<uint64_t>>> sets_;
};

TEST_CASE("WalkCache: agrees with lists, over random walks and flushes") {
  for (const WalkCacheOptions& caches :
       {WalkCacheOptions{.levels = {{{4, 2}, {2, 1}, {1, 1}}}},
        WalkCacheOptions{.levels = {{{8, 8}}}}, WalkCacheOptions{.levels = {{{}, {2, 2}}}}}) {
    Rig rig(caches);
    NaiveCaches naive(caches);
    base::Prng prng(5);
    for (int step = 0; step < 20'000; ++step) {
      const uint64_t vpn = prng.below(6) * k1Gib + prng.below(4) * k2Mib + prng.below(3);
      if (prng.below(50) == 0) rig.map(vpn);
      if (prng.below(200) == 0) {
        rig.mmu.flush_page(kAsid, {vpn});
        naive.flush();
      }
      const WalkResult walk = rig.table.walk({vpn}, AccessKind::kLoad);
      // Level i's entry tells 9 * i bits more of the page's number.
      const int expected = naive.entries_read(vpn, {9, 18, 27}, walk.level, walk.permitted);
      REQUIRE(rig.read(vpn) == expected);
    }
  }
}

}  // namespace
}  // namespace faultline::hw
