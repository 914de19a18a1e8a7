#include "sim/rmap/reverse_map.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::rmap {

struct ReverseMapTestPeer {
  static auto& first(ReverseMap& map) { return map.first_; }
  static auto& others(ReverseMap& map) { return map.others_; }
};

namespace {

using testing::dies_with;

// A space that has pages with an accessed and a dirty bit, and tells the reverse map of its
// unmapping.
class FakeSpace : public MappingSpace {
 public:
  explicit FakeSpace(ReverseMap& map) : map_(map) {}

  struct Page {
    Pfn pfn;
    bool accessed = false;
    bool dirty = false;
    bool locked = false;
  };
  std::map<uint64_t, Page> pages;
  std::string zapped;

  bool unmap_page(Vpn vpn, hw::Pte, hw::TlbGather&) override {
    const Page page = pages.at(vpn.value);
    map_.remove(page.pfn, {this, vpn});
    pages.erase(vpn.value);
    return page.dirty;
  }
  bool test_and_clear_accessed(Vpn vpn, hw::TlbGather&) override {
    return std::exchange(pages.at(vpn.value).accessed, false);
  }
  bool page_dirty(Vpn vpn) const override { return pages.at(vpn.value).dirty; }
  bool clean_page(Vpn vpn, hw::TlbGather&) override {
    return std::exchange(pages.at(vpn.value).dirty, false);
  }
  bool evictable(Vpn vpn) const override { return !pages.at(vpn.value).locked; }
  void zap_file_range(FileRange range, Zap, hw::TlbGather&) override {
    zapped += std::to_string(range.first) + "+" + std::to_string(range.count) + " ";
  }

 private:
  ReverseMap& map_;
};

struct Fixture {
  phys::FrameTable frames{PageSize{}, Contents::kNone};
  ReverseMap map{frames};
  FakeSpace a{map};
  FakeSpace b{map};
  hw::TlbGather gather;

  Fixture() {
    for (uint32_t pfn = 1; pfn <= 4; ++pfn) frames.mark_taken({pfn});
  }
  void add(uint32_t pfn, FakeSpace& space, uint64_t vpn) {
    space.pages[vpn] = {.pfn = {pfn}};
    map.add({pfn}, {&space, {vpn}});
    frames[Pfn{pfn}].refcount = frames[Pfn{pfn}].mapcount + 1;
  }
  std::string mappings(uint32_t pfn) {
    std::string text;
    map.for_each({pfn}, [&](Mapping m) {
      text += (m.space == &a ? 'a' : 'b') + std::to_string(m.vpn.value) + " ";
    });
    return text;
  }
};

TEST_CASE("ReverseMap: shows a frame's mappings in the order they were added") {
  Fixture f;
  f.add(1, f.a, 7);
  f.add(1, f.b, 7);
  f.add(1, f.a, 3);
  f.add(2, f.a, 4);
  CHECK(f.mappings(1) == "a7 b7 a3 ");
  CHECK(f.mappings(2) == "a4 ");
  CHECK(f.mappings(3) == "");
  CHECK(f.frames[Pfn{1}].mapcount == 3);
  f.map.validate();
}

TEST_CASE("ReverseMap: when the first mapping goes, the second becomes the first") {
  Fixture f;
  f.add(1, f.a, 7);
  f.add(1, f.b, 7);
  f.add(1, f.a, 3);
  f.map.remove({1}, {&f.a, {7}});
  CHECK(f.mappings(1) == "b7 a3 ");
  f.map.remove({1}, {&f.a, {3}});
  CHECK(f.mappings(1) == "b7 ");
  f.map.remove({1}, {&f.b, {7}});
  CHECK(f.mappings(1) == "");
  CHECK(f.frames[Pfn{1}].mapcount == 0);
  f.map.validate();
}

TEST_CASE("ReverseMap: the zero page is not kept") {
  Fixture f;
  f.map.add(phys::kZeroPagePfn, {&f.a, {1}});
  f.map.add(phys::kZeroPagePfn, {&f.a, {2}});
  CHECK(f.mappings(0) == "");
  CHECK(f.frames[phys::kZeroPagePfn].mapcount == 0);
  f.map.remove(phys::kZeroPagePfn, {&f.a, {1}});
  f.map.validate();
}

TEST_CASE("ReverseMap: what is asked of a frame is asked of each of its PTEs") {
  Fixture f;
  f.add(1, f.a, 7);
  f.add(1, f.b, 8);
  f.b.pages[8].accessed = true;
  CHECK(f.map.test_and_clear_accessed({1}, f.gather));
  CHECK_FALSE(f.map.test_and_clear_accessed({1}, f.gather));

  f.a.pages[7].dirty = true;
  CHECK(f.map.dirty({1}));
  CHECK(f.map.clean_everywhere({1}, f.gather));
  CHECK_FALSE(f.map.dirty({1}));
  CHECK_FALSE(f.map.clean_everywhere({1}, f.gather));

  CHECK(f.map.evictable({1}));
  f.b.pages[8].locked = true;
  CHECK_FALSE(f.map.evictable({1}));

  f.b.pages[8].dirty = true;
  CHECK(f.map.unmap_everywhere({1}, {}, f.gather));
  CHECK(f.mappings(1) == "");
  CHECK(f.a.pages.empty());
  CHECK(f.b.pages.empty());
  f.map.validate();
}

TEST_CASE("ReverseMap: a file's range is zapped in the spaces that map the file") {
  Fixture f;
  f.map.add_space(5, f.a);
  f.map.add_space(5, f.b);
  f.map.add_space(6, f.b);
  f.map.zap_file_range({.backing = 6, .first = 1, .count = 2}, Zap::kCopiesToo, f.gather);
  f.map.zap_file_range({.backing = 5, .first = 3, .count = 4}, Zap::kPages, f.gather);
  f.map.remove_space(5, f.a);
  CHECK_FALSE(f.map.has_space(5, f.a));
  CHECK(f.map.has_space(5, f.b));
  f.map.zap_file_range({.backing = 5, .first = 9, .count = 9}, Zap::kPages, f.gather);
  f.map.zap_file_range({.backing = 7, .first = 8, .count = 8}, Zap::kPages, f.gather);
  CHECK(f.a.zapped == "3+4 ");
  CHECK(f.b.zapped == "1+2 3+4 9+9 ");
}

TEST_CASE("ReverseMap: agrees with a set of pairs over random adds and removes") {
  base::Prng prng(42);
  Fixture f;
  std::set<std::pair<uint32_t, std::pair<bool, uint64_t>>> model;
  for (int step = 0; step < 20000; ++step) {
    const uint32_t pfn = 1 + uint32_t(prng.below(4));
    const bool in_b = prng.below(2) == 1;
    const uint64_t vpn = prng.below(5);
    FakeSpace& space = in_b ? f.b : f.a;
    const auto entry = std::pair(pfn, std::pair(in_b, vpn));
    if (model.erase(entry) == 1) {
      f.map.remove({pfn}, {&space, {vpn}});
    } else {
      model.insert(entry);
      f.map.add({pfn}, {&space, {vpn}});
    }
    for (uint32_t i = 1; i <= 4; ++i) f.frames[Pfn{i}].refcount = f.frames[Pfn{i}].mapcount + 1;
    f.map.validate();
    std::set<std::pair<uint32_t, std::pair<bool, uint64_t>>> seen;
    for (uint32_t i = 1; i <= 4; ++i) {
      f.map.for_each({i}, [&](Mapping m) { seen.insert({i, {m.space == &f.b, m.vpn.value}}); });
    }
    REQUIRE(seen == model);
  }
}

TEST_CASE("ReverseMap: a mapping noted twice, or removed though not noted, stops the program") {
  Fixture f;
  f.add(1, f.a, 7);
  CHECK(dies_with([&] { f.map.add({1}, {&f.a, {7}}); }, "frame 1 is mapped twice at page 7"));
  CHECK(dies_with([&] { f.map.remove({1}, {&f.b, {7}}); }, "frame 1 is not mapped at page 7"));
  CHECK(dies_with([&] { f.map.remove_space(1, f.a); }, "found != spaces_.end()"));
}

TEST_CASE("ReverseMap: validate sees each broken invariant") {
  Fixture f;
  f.add(1, f.a, 7);
  f.add(1, f.b, 7);
  using Peer = ReverseMapTestPeer;
  CHECK(dies_with(
      [&] {
        f.frames[Pfn{1}].mapcount = 1;
        f.map.validate();
      },
      "invariant 1: frame 1"));
  CHECK(dies_with(
      [&] {
        Peer::others(f.map)[1][0] = Peer::first(f.map)[1];
        f.map.validate();
      },
      "invariant 2: frame 1"));
  CHECK(dies_with(
      [&] {
        Peer::others(f.map)[2];
        f.map.validate();
      },
      "invariant 3: frame 2"));
  CHECK(dies_with(
      [&] {
        Peer::others(f.map)[3].push_back({&f.a, {1}});
        f.map.validate();
      },
      "invariant 3: frame 3"));
  CHECK(dies_with(
      [&] {
        Peer::first(f.map)[0] = {&f.a, {1}};
        f.map.validate();
      },
      "invariant 4"));
}

}  // namespace
}  // namespace faultline::rmap
