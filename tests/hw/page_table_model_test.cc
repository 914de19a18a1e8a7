#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "sim/base/prng.h"
#include "sim/hw/page_table.h"

namespace faultline::hw {
namespace {

// A toy of three levels, so that a model can look at every page: 4 + 3 + 2 bits.
constexpr PagingFormat kToy{.name = "toy",
                            .description = "",
                            .levels = 3,
                            .index_bits = {2, 3, 4},
                            .offset_bits = 5,
                            .entry_bytes = 2,
                            .task_size{1 << 14},
                            .pte = {.present = 1,
                                    .write = 2,
                                    .user = 4,
                                    .accessed = 8,
                                    .dirty = 16,
                                    .no_execute = 32,
                                    .table = 7,
                                    .table_accessed = 8,
                                    .pfn_mask = 0xffff'ff00,
                                    .pfn_shift = 8}};
constexpr uint64_t kToyPages = 512;

// Everything a table can be asked, against a map of its leaf entries and a set of its tables.
class Model {
 public:
  explicit Model(uint64_t seed) : prng_(seed) {}

  void step() {
    const uint64_t vpn = prng_.below(kToyPages);
    const uint64_t count = prng_.below(3) == 0 ? prng_.below(kToyPages - vpn + 1) : prng_.below(6);
    switch (prng_.below(8)) {
      case 0:
      case 1:
        return set(vpn, random_pte());
      case 2:
        return set(vpn, {});
      case 3:
        return walk(vpn, static_cast<AccessKind>(prng_.below(4)));
      case 4:
        return update(vpn, count);
      case 5:
        return free_empty(vpn, count);
      case 6:
        return mirror(vpn, count);
      default:
        return compare(vpn, count);
    }
  }

  void check() const {
    table_.validate();
    REQUIRE(table_.table_pages() == 1 + tables_[1].size() + tables_[2].size());
    for (uint64_t vpn = 0; vpn < kToyPages; ++vpn) REQUIRE(table_.get({vpn}) == leaf(vpn));
    for (int level = 1; level <= 2; ++level) {
      for (uint64_t vpn = 0; vpn < kToyPages; ++vpn) {
        const auto it = tables_[level].find(vpn >> kShift[level]);
        const Pte entry = table_.entry({vpn}, level);
        REQUIRE(entry.none() == (it == tables_[level].end()));
        if (!entry.none()) REQUIRE(entry.accessed(kToy.pte) == it->second);
      }
    }
  }

 private:
  static constexpr int kShift[4] = {0, 2, 5, 9};

  Pte leaf(uint64_t vpn) const {
    const auto it = leaves_.find(vpn);
    return it == leaves_.end() ? Pte{} : it->second;
  }
  Pte random_pte() {
    const auto number = static_cast<uint32_t>(prng_.below(1'000));
    if (prng_.below(8) == 0) return Pte::make_swap(number);
    return Pte::make(kToy.pte, {number}, prng_.below(2) == 0, prng_.below(2) == 0);
  }
  void set_leaf(uint64_t vpn, Pte pte) {
    if (pte.none()) {
      leaves_.erase(vpn);
      return;
    }
    leaves_[vpn] = pte;
    for (int level = 1; level <= 2; ++level)
      tables_[level].try_emplace(vpn >> kShift[level], false);
  }
  void set(uint64_t vpn, Pte pte) {
    table_.set({vpn}, pte);
    set_leaf(vpn, pte);
  }
  void walk(uint64_t vpn, AccessKind kind) {
    const WalkResult walk = table_.walk({vpn}, kind);
    int level = 2;
    while (level > 0 && tables_[level].count(vpn >> kShift[level]) != 0) --level;
    REQUIRE(walk.level == level);
    REQUIRE(walk.entries_read == 3 - level);
    Pte expected = leaf(vpn);
    const bool permitted = expected.present(kToy.pte) &&
                           (!is_store(kind) || expected.writable(kToy.pte)) &&
                           (kind != AccessKind::kFetch || expected.executable(kToy.pte));
    REQUIRE(walk.permitted == permitted);
    if (permitted) {
      expected.raw |= kToy.pte.accessed | (is_store(kind) ? kToy.pte.dirty : 0);
      leaves_[vpn] = expected;
      for (int at = 1; at <= 2; ++at) tables_[at][vpn >> kShift[at]] = true;
    }
    REQUIRE(walk.leaf == expected);
  }
  void update(uint64_t vpn, uint64_t count) {
    std::vector<uint64_t> visited;
    const uint64_t salt = prng_.next();
    const auto change = [&](Vpn at, Pte pte) {
      if ((salt >> at.value % 60 & 3) == 0) return Pte{};
      return Pte{pte.raw ^ ((salt >> at.value % 60 & 4) != 0 ? kToy.pte.write : 0)};
    };
    table_.update_range({vpn}, count, [&](Vpn at, Pte pte) {
      REQUIRE(pte == leaf(at.value));
      visited.push_back(at.value);
      return change(at, pte);
    });
    std::vector<uint64_t> expected;
    for (auto it = leaves_.lower_bound(vpn); it != leaves_.end() && it->first < vpn + count; ++it)
      expected.push_back(it->first);
    REQUIRE(visited == expected);
    for (const uint64_t at : expected) set_leaf(at, change({at}, leaf(at)));
  }
  void compare(uint64_t vpn, uint64_t count) {
    auto it = leaves_.lower_bound(vpn);
    std::as_const(table_).for_each({vpn}, count, [&](Vpn at, Pte pte) {
      REQUIRE(it != leaves_.end());
      REQUIRE(at == Vpn{it->first});
      REQUIRE(pte == it->second);
      ++it;
    });
    REQUIRE((it == leaves_.end() || it->first >= vpn + count));
  }
  void mirror(uint64_t vpn, uint64_t count) {
    const uint64_t to = prng_.below(kToyPages - count + 1);
    if (to < vpn + count && vpn < to + count) return;
    table_.mirror_tables({vpn}, count, {to});
    for (uint64_t i = 0; i < count; ++i) {
      if (!tables_[1].contains((vpn + i) >> kShift[1])) continue;
      for (int level = 1; level <= 2; ++level)
        tables_[level].try_emplace((to + i) >> kShift[level], false);
    }
  }
  void free_empty(uint64_t vpn, uint64_t count) {
    const uint64_t floor = prng_.below(2) == 0 ? 0 : prng_.below(vpn + 1);
    const uint64_t ceiling = prng_.below(2) == 0 ? ~uint64_t{0} : vpn + count + prng_.below(40);
    table_.free_empty_tables({vpn}, count, {{floor}, {ceiling}});
    const auto inside = [&](uint64_t first, uint64_t end) {
      return count != 0 && first < vpn + count && end > vpn && first >= floor && end <= ceiling;
    };
    for (int level = 1; level <= 2; ++level) {
      const uint64_t size = uint64_t{1} << kShift[level];
      std::erase_if(tables_[level], [&](const auto& entry) {
        const uint64_t first = entry.first * size;
        const auto leaf = leaves_.lower_bound(first);
        bool empty = leaf == leaves_.end() || leaf->first >= first + size;
        if (level == 2) {
          const auto below = tables_[1].lower_bound(entry.first * 8);
          empty = below == tables_[1].end() || below->first >= (entry.first + 1) * 8;
        }
        return empty && inside(first, first + size);
      });
    }
  }

  base::Prng prng_;
  PageTable table_{kToy};
  std::map<uint64_t, Pte> leaves_;
  // The tables that an entry of level 1 or 2 points to, by the page number's upper bits; whether
  // that entry is accessed.
  std::map<uint64_t, bool> tables_[3];
};

TEST_CASE("PageTable: agrees with a map of pages over random sets, walks, updates and frees") {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Model model(seed);
    for (int step = 0; step < 4'000; ++step) {
      model.step();
      if (step % 20 == 0) model.check();
    }
    model.check();
  }
}

}  // namespace
}  // namespace faultline::hw
