#include "sim/hw/tlb_level.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::hw {

struct TlbLevelTestPeer {
  static TlbEntry& entry(TlbLevel& level, std::size_t i) { return level.entries_[i]; }
};

namespace {

using testing::dies_with;

TlbEntry entry_of(uint64_t tag) { return {tag, {static_cast<uint32_t>(tag & 0xffff)}, kTlbRead}; }

// The page numbers in the order of the sets and, within a set, of use.
std::string picture(const TlbLevel& level) {
  std::string text;
  level.for_each([&](const TlbEntry& e) {
    if (!text.empty()) text += ' ';
    text += std::to_string(e.tag);
  });
  return text;
}

TEST_CASE("TlbLevel: a set holds the pages last used, the most recent first") {
  TlbLevel level({.entries = 4, .ways = 4});
  for (const uint64_t page : {1u, 2u, 3u, 4u}) level.insert(entry_of(page));
  CHECK(picture(level) == "4 3 2 1");
  CHECK(level.lookup(4)->tag == 4);
  CHECK(picture(level) == "4 3 2 1");
  CHECK(level.lookup(2)->tag == 2);
  CHECK(picture(level) == "2 4 3 1");
  CHECK(level.lookup(1)->pfn == Pfn{1});
  CHECK(picture(level) == "1 2 4 3");
  level.insert(entry_of(5));
  CHECK(picture(level) == "5 1 2 4");
  CHECK(level.lookup(3) == nullptr);
  CHECK(picture(level) == "5 1 2 4");
  level.validate();
}

TEST_CASE("TlbLevel: find is no use") {
  TlbLevel level({.entries = 4, .ways = 4});
  for (const uint64_t page : {1u, 2u, 3u}) level.insert(entry_of(page));
  CHECK(level.find(1)->tag == 1);
  CHECK(level.find(9) == nullptr);
  CHECK(picture(level) == "3 2 1");
}

TEST_CASE("TlbLevel: the page number's lower bits choose the set") {
  TlbLevel level({.entries = 8, .ways = 2});
  for (const uint64_t page : {0u, 4u, 8u, 1u, 5u, 3u}) level.insert(entry_of(page));
  CHECK(picture(level) == "8 4 5 1 3");
  CHECK(level.lookup(0) == nullptr);
  level.validate();
}

TEST_CASE("TlbLevel: flushing closes the gap") {
  TlbLevel level({.entries = 4, .ways = 4});
  for (const uint64_t page : {1u, 2u, 3u, 4u}) level.insert(entry_of(page));
  level.flush_page(3);
  CHECK(picture(level) == "4 2 1");
  level.flush_page(3);
  level.flush_page(1);
  CHECK(picture(level) == "4 2");
  level.validate();
  level.insert(entry_of(7));
  level.insert(entry_of(8));
  CHECK(picture(level) == "8 7 4 2");
  level.flush_all();
  CHECK(picture(level).empty());
}

TEST_CASE("TlbLevel: address spaces are told apart") {
  TlbLevel level({.entries = 16, .ways = 4});
  for (const Asid asid : {Asid{1}, Asid{2}, Asid{0xffff}})
    for (uint64_t page = 0; page < 4; ++page) level.insert(entry_of(tlb_tag(asid, {page})));
  level.flush_pages({2}, {1}, 2);
  CHECK(level.find(tlb_tag({2}, {0})) != nullptr);
  CHECK(level.find(tlb_tag({2}, {1})) == nullptr);
  CHECK(level.find(tlb_tag({2}, {2})) == nullptr);
  CHECK(level.find(tlb_tag({1}, {1})) != nullptr);
  level.flush_space({1});
  CHECK(level.find(tlb_tag({1}, {1})) == nullptr);
  CHECK(level.find(tlb_tag({2}, {3})) != nullptr);
  level.flush_pages({2}, {0}, ~uint64_t{0});
  CHECK(level.find(tlb_tag({2}, {3})) == nullptr);
  CHECK(level.find(tlb_tag({0xffff}, {3})) != nullptr);
  level.flush_space({0xffff});
  CHECK(picture(level).empty());
  level.validate();
}

TEST_CASE("TlbLevel: agrees with lists of pages in the order of use, in many geometries") {
  for (const TlbLevelOptions options :
       {TlbLevelOptions{1, 1}, TlbLevelOptions{8, 1}, TlbLevelOptions{2, 2}, TlbLevelOptions{6, 3},
        TlbLevelOptions{16, 4}, TlbLevelOptions{24, 12}, TlbLevelOptions{7, 7},
        TlbLevelOptions{16, 16}, TlbLevelOptions{40, 20}}) {
    CAPTURE(options.entries);
    CAPTURE(options.ways);
    TlbLevel level(options);
    const uint64_t sets = options.entries / options.ways;
    std::vector<std::list<uint64_t>> model(sets);
    base::Prng prng(options.entries);
    for (int step = 0; step < 30'000; ++step) {
      const Asid asid{static_cast<uint16_t>(prng.below(2))};
      const Vpn vpn{prng.below(options.entries + options.entries / 2 + 1)};
      const uint64_t tag = tlb_tag(asid, vpn);
      std::list<uint64_t>& set = model[vpn.value % sets];
      if (prng.below(40) == 0) {
        const uint64_t count = prng.below(2 * sets + 2);
        const bool whole = prng.below(8) == 0;
        if (whole)
          level.flush_space(asid);
        else
          level.flush_pages(asid, vpn, count);
        for (std::list<uint64_t>& s : model)
          s.remove_if([&](uint64_t t) { return whole ? t >> 48 == asid.value : t - tag < count; });
        continue;
      }
      const auto it = std::ranges::find(set, tag);
      TlbEntry* const found = level.lookup(tag);
      REQUIRE((found != nullptr) == (it != set.end()));
      if (it != set.end()) {
        REQUIRE(*found == entry_of(tag));
        set.splice(set.begin(), set, it);
      } else {
        level.insert(entry_of(tag));
        set.push_front(tag);
        if (set.size() > options.ways) set.pop_back();
      }
      if (step % 100 != 0) continue;
      level.validate();
      std::vector<uint64_t> expected;
      for (const std::list<uint64_t>& s : model)
        expected.insert(expected.end(), s.begin(), s.end());
      std::vector<uint64_t> held;
      level.for_each([&](const TlbEntry& e) { held.push_back(e.tag); });
      REQUIRE(held == expected);
    }
  }
}

TEST_CASE("TlbLevel: a geometry without whole sets, or a power of two of them, is refused") {
  CHECK(dies_with([] { TlbLevel({.entries = 4, .ways = 0}); }, "options.ways >= 1"));
  CHECK(dies_with([] { TlbLevel({.entries = 10, .ways = 4}); }, "options.entries % options.ways"));
  CHECK(dies_with([] { TlbLevel({.entries = 12, .ways = 4}); }, "is_power_of_two"));
  CHECK(dies_with([] { TlbLevel({.entries = 0, .ways = 4}); }, "is_power_of_two"));
}

TEST_CASE("TlbLevel: each broken invariant stops the program") {
  TlbLevel level({.entries = 8, .ways = 4});
  for (const uint64_t page : {0u, 2u, 4u, 1u}) level.insert(entry_of(page));
  const auto dies = [&](std::size_t i, TlbEntry value, const char* message) {
    return dies_with(
        [&] {
          TlbLevelTestPeer::entry(level, i) = value;
          level.validate();
        },
        message);
  };
  CHECK(dies(2, entry_of(4), "entries_[before].tag != tag"));
  CHECK(dies(0, entry_of(5), "(tag & set_mask_) == set"));
  CHECK(dies(0, {}, "entries_[before].tag != kTlbEmptyTag"));
}

}  // namespace
}  // namespace faultline::hw
