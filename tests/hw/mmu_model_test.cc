#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "faultline/options.h"
#include "sim/base/prng.h"
#include "sim/hw/mmu.h"

namespace faultline::hw {
namespace {

// A TLB level as a textbook has it: for each set, a list of pages in the order of use.
class NaiveLevel {
 public:
  struct Page {
    uint16_t asid;
    uint64_t vpn;
    uint32_t pfn;
    bool write, execute, dirty;
  };

  explicit NaiveLevel(TlbLevelOptions options)
      : ways_(options.ways), sets_(options.entries / options.ways) {}

  Page* find(uint16_t asid, uint64_t vpn) {
    for (Page& page : set(vpn))
      if (page.asid == asid && page.vpn == vpn) return &page;
    return nullptr;
  }
  Page* use(uint16_t asid, uint64_t vpn) {
    std::list<Page>& pages = set(vpn);
    for (auto it = pages.begin(); it != pages.end(); ++it) {
      if (it->asid != asid || it->vpn != vpn) continue;
      pages.splice(pages.begin(), pages, it);
      return &pages.front();
    }
    return nullptr;
  }
  void insert(const Page& page) {
    set(page.vpn).push_front(page);
    if (set(page.vpn).size() > ways_) set(page.vpn).pop_back();
  }
  template <class Predicate>
  void remove_if(Predicate predicate) {
    for (std::list<Page>& pages : sets_) pages.remove_if(predicate);
  }

 private:
  std::list<Page>& set(uint64_t vpn) { return sets_[vpn % sets_.size()]; }
  std::size_t ways_;
  std::vector<std::list<Page>> sets_;
};

// What counts and what is granted, said as plainly as can be.
class NaiveMmu {
 public:
  using Page = NaiveLevel::Page;
  struct Leaf {
    uint32_t pfn = 0;
    bool write = false, execute = false, accessed = false, dirty = false;
  };
  using Leaves = std::map<uint64_t, Leaf>;

  explicit NaiveMmu(const TlbOptions& options)
      : l1d_(options.l1d), l1i_(options.l1i), l2_(options.l2), enabled_(options.enabled) {}

  // The frame, or nothing: a fault.
  std::optional<uint32_t> translate(uint16_t asid, Leaves& leaves, uint64_t vpn, AccessKind kind,
                                    bool count) {
    const bool fetch = kind == AccessKind::kFetch;
    NaiveLevel& l1 = fetch ? l1i_ : l1d_;
    TlbLevelStats& l1_stats = fetch ? tlb.l1i : tlb.l1d;
    Page* page = nullptr;
    if (enabled_) {
      page = l1.use(asid, vpn);
      if (count) ++(page != nullptr ? l1_stats.hits : l1_stats.misses);
      if (page == nullptr) {
        page = l2_.use(asid, vpn);
        if (count) ++(page != nullptr ? tlb.l2.hits : tlb.l2.misses);
        if (page != nullptr) l1.insert(*page);
      }
    }
    if (page != nullptr) {
      if ((fetch && !page->execute) || (is_store(kind) && !page->write)) {
        forget(asid, vpn, 1);
        return std::nullopt;
      }
      if (!is_store(kind) || page->dirty) return page->pfn;
    }
    return walk(asid, leaves, vpn, kind, l1);
  }

  void forget(uint16_t asid, uint64_t first, uint64_t count) {
    for (NaiveLevel* const level : {&l1d_, &l1i_, &l2_})
      level->remove_if(
          [&](const Page& p) { return p.asid == asid && p.vpn >= first && p.vpn - first < count; });
  }

  TlbStats tlb;
  uint64_t walks = 0;

 private:
  std::optional<uint32_t> walk(uint16_t asid, Leaves& leaves, uint64_t vpn, AccessKind kind,
                               NaiveLevel& l1) {
    ++walks;
    const auto it = leaves.find(vpn);
    if (it == leaves.end() || (kind == AccessKind::kFetch && !it->second.execute) ||
        (is_store(kind) && !it->second.write)) {
      forget(asid, vpn, 1);
      return std::nullopt;
    }
    Leaf& leaf = it->second;
    leaf.accessed = true;
    leaf.dirty = leaf.dirty || is_store(kind);
    if (!enabled_) return leaf.pfn;
    const Page page{asid, vpn, leaf.pfn, leaf.write, leaf.execute, leaf.dirty};
    // The walk of a first store through a clean entry brings nothing in.
    const bool was_hit = l1.find(asid, vpn) != nullptr;
    for (NaiveLevel* const level : {&l1d_, &l1i_, &l2_}) {
      if (Page* const there = level->find(asid, vpn))
        *there = page;
      else if (!was_hit && (level == &l1 || level == &l2_))
        level->insert(page);
    }
    return leaf.pfn;
  }

  NaiveLevel l1d_, l1i_, l2_;
  bool enabled_;
};

// Two address spaces under one MMU and its naive twin.
class Twins {
 public:
  Twins(const PagingFormat& format, const TlbOptions& options, uint64_t seed)
      : format_(format), prng_(seed), mmu_(format_, options), naive_(options) {}

  void step() {
    const std::size_t space = prng_.below(2);
    const uint64_t vpn = random_page();
    const uint64_t dice = prng_.below(100);
    if (dice < 90) return access(space, vpn);
    if (dice < 96) return map(space, vpn);
    if (dice < 97) return exit(space);
    unmap(space, vpn, 1 + prng_.below(dice == 99 ? 60 : 2));
  }

  void check() {
    mmu_.validate();
    const TlbStats stats = mmu_.tlb().stats();
    for (const auto& [mine, other] :
         {std::pair{stats.l1d, naive_.tlb.l1d}, std::pair{stats.l1i, naive_.tlb.l1i},
          std::pair{stats.l2, naive_.tlb.l2}}) {
      REQUIRE(mine.hits == other.hits);
      REQUIRE(mine.misses == other.misses);
    }
    REQUIRE(mmu_.walk_stats().count == naive_.walks);
    for (std::size_t space = 0; space < 2; ++space) {
      tables_[space].validate();
      for (const auto& [vpn, leaf] : leaves_[space]) {
        const Pte pte = tables_[space].get({vpn});
        REQUIRE(pte.pfn(format_.pte).value == leaf.pfn);
        REQUIRE(pte.accessed(format_.pte) == leaf.accessed);
        REQUIRE(pte.dirty(format_.pte) == leaf.dirty);
      }
    }
  }

  uint64_t hits() const { return naive_.tlb.l1d.hits + naive_.tlb.l1i.hits + naive_.tlb.l2.hits; }

 private:
  // Mostly a few pages, so that every level hits and misses.
  uint64_t random_page() {
    const uint64_t spread = uint64_t{4} << prng_.below(6);
    return prng_.below(spread) * (prng_.below(8) == 0 ? 5 : 1);
  }
  static Asid asid(std::size_t space) { return {static_cast<uint16_t>(space + 1)}; }

  void access(std::size_t space, uint64_t vpn) {
    const auto kind = static_cast<AccessKind>(prng_.below(4));
    const bool count = prng_.below(10) != 0;
    const TranslateResult result = mmu_.translate(asid(space), tables_[space], {vpn}, kind,
                                                  count ? CountLookup::kYes : CountLookup::kNo);
    if (count) mmu_.add_lookups(kind, 1);
    const std::optional<uint32_t> expected =
        naive_.translate(asid(space).value, leaves_[space], vpn, kind, count);
    REQUIRE(result.ok() == expected.has_value());
    if (expected) REQUIRE(result.pfn.value == *expected);
  }
  // Maps the page, or gives a mapped one more rights: no flush is needed.
  void map(std::size_t space, uint64_t vpn) {
    NaiveMmu::Leaf& leaf = leaves_[space].try_emplace(vpn).first->second;
    if (leaf.pfn == 0) leaf.pfn = ++last_pfn_;
    leaf.write = leaf.write || prng_.below(2) == 0;
    leaf.execute = leaf.execute || prng_.below(2) == 0 || !format_.pte.checks_execution();
    Pte pte = Pte::make(format_.pte, {leaf.pfn}, leaf.write, leaf.execute);
    if (leaf.accessed) pte = pte.with_accessed(format_.pte);
    if (leaf.dirty) pte = pte.with_dirty(format_.pte);
    tables_[space].set({vpn}, pte);
  }
  // Unmaps some pages and cleans others, and flushes.
  void unmap(std::size_t space, uint64_t vpn, uint64_t count) {
    TlbGather gather;
    for (uint64_t at = vpn; at < vpn + count; ++at) {
      const auto it = leaves_[space].find(at);
      if (it == leaves_[space].end()) continue;
      Pte pte{};
      if (prng_.below(2) == 0) {
        it->second.dirty = false;
        it->second.write = false;
        pte = Pte::make(format_.pte, {it->second.pfn}, false, it->second.execute);
        if (it->second.accessed) pte = pte.with_accessed(format_.pte);
      } else {
        leaves_[space].erase(it);
      }
      tables_[space].set({at}, pte);
    }
    gather.add_range(asid(space), {vpn}, count);
    mmu_.apply(gather);
    naive_.forget(asid(space).value, vpn, count);
  }
  void exit(std::size_t space) {
    TlbGather gather;
    gather.add_space(asid(space));
    mmu_.apply(gather);
    naive_.forget(asid(space).value, 0, ~uint64_t{0});
  }

  const PagingFormat& format_;
  base::Prng prng_;
  Mmu mmu_;
  NaiveMmu naive_;
  std::array<PageTable, 2> tables_{PageTable(format_), PageTable(format_)};
  std::array<NaiveMmu::Leaves, 2> leaves_;
  uint32_t last_pfn_ = 0;
};

TEST_CASE("Mmu: agrees with a naive one on every count and frame, in several geometries") {
  const TlbOptions kGeometries[] = {
      {},
      {.enabled = false},
      {.l1d = {1, 1}, .l1i = {1, 1}, .l2 = {1, 1}},
      {.l1d = {4, 1}, .l1i = {8, 2}, .l2 = {8, 8}},
      {.l1d = {16, 4}, .l1i = {4, 4}, .l2 = {24, 12}},
      {.l1d = {32, 32}, .l1i = {6, 3}, .l2 = {8, 4}},
  };
  uint64_t seed = 0;
  for (const TlbOptions& options : kGeometries) {
    CAPTURE(options.l1d.entries);
    for (const PagingFormat& format : paging_formats()) {
      CAPTURE(format.name);
      Twins twins(format, options, ++seed);
      for (int step = 0; step < 20'000; ++step) {
        twins.step();
        if (step % 50 == 0) twins.check();
      }
      twins.check();
      CHECK((twins.hits() > 200) == options.enabled);
    }
  }
}

}  // namespace
}  // namespace faultline::hw
