#include "sim/mm/remap.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/mm/drawing.h"
#include "tests/support/death.h"

namespace faultline::mm {

struct AddressSpaceTestPeer {
  static auto& counters(AddressSpace& space) { return space.counters_; }
};

namespace {

using testing::dies_with;

constexpr uint64_t kStay = 0;
constexpr uint64_t kMoveTo = linux_abi::kMREMAP_MAYMOVE | linux_abi::kMREMAP_FIXED;
constexpr uint64_t kKeepOld = kMoveTo | linux_abi::kMREMAP_DONTUNMAP;

struct Move {
  uint64_t from;
  uint64_t old_count;
  uint64_t new_count;
  uint64_t flags;
  uint64_t to = 0;
};

// Two read-write mappings with a read-only one between them and holes at both sides.
void map_three(Drawing& d) {
  d.map_pages(2, 2, 3);
  d.map_pages(4, 2, 1);
  d.map_pages(6, 2, 3);
}

TEST_CASE("mremap: what grows, shrinks and moves looks like this") {
  struct Row {
    Move move;
    std::string after;
  };
  const Row rows[] = {
      //                     "..AA|rr|AA......",
      {{2, 2, 1, kStay}, "..A.rr|AA......"},
      {{2, 5, 1, kStay}, "..A....A......."},            // the tail crosses mappings
      {{6, 2, 5, kStay}, "..AA|rr|AAAAA.."},            // in place
      {{2, 2, 2, kMoveTo, 10}, "....rr|AA..AA..."},     // elsewhere
      {{2, 2, 2, kMoveTo, 8}, "....rr|AAAA....."},      // merged, untouched
      {{2, 2, 1, kMoveTo, 10}, "....rr|AA..A...."},     // shrunk first
      {{2, 1, 1, kMoveTo, 5}, "...A|r|AAA......."},     // over something
      {{2, 1, 3, kMoveTo, 10}, "...A|rr|AA..AAA.."},    // grown
      {{3, 4, 4, kMoveTo, 9}, "..A....A.A|rr|A..."},    // several
      {{2, 2, 2, kKeepOld, 10}, "..AA|rr|AA..AA..."},   // and still there
      {{2, 6, 6, kKeepOld, 9}, "..AA|rr|AA.AA|rr|AA"},  // all of it
  };
  for (const Row& row : rows) {
    Drawing d;
    map_three(d);
    const Move& m = row.move;
    CAPTURE(row.after);
    const uint64_t at = d.remap_pages(m.from, m.old_count, m.new_count, m.flags, m.to);
    CHECK(at == (m.flags == kStay ? m.from : m.to));
    std::string expected = row.after;
    std::string got = d.picture(18);
    while (expected.ends_with('.')) expected.pop_back();
    while (got.ends_with('.')) got.pop_back();
    CHECK(got == expected);
  }
}

TEST_CASE("mremap: each part of five pages, moved away and home again, leaves what was there") {
  for (const bool touched : {false, true}) {
    for (uint64_t first = 0; first < 5; ++first) {
      for (uint64_t count = 1; first + count <= 5; ++count) {
        Drawing d;
        d.map_pages(0, 5, 3);
        if (touched)
          for (uint64_t i = 0; i < 5; ++i) d.store(i);
        d.remap_pages(first, count, count, kMoveTo, 10);
        CHECK(d.picture(15) == std::string(first, 'A') + std::string(count, '.') +
                                   std::string(5 - first - count, 'A') + "....." +
                                   std::string(count, 'A') + std::string(5 - count, '.'));
        CHECK(d.space.counters().rss_anon == (touched ? 5 : 0));
        d.remap_pages(10, count, count, kMoveTo, first);
        CHECK(d.picture(15) == "AAAAA..........");
        CHECK(d.space.map_count() == 1);
      }
    }
  }
}

TEST_CASE("mremap: touched memory keeps its page offset, and meets a stranger as one") {
  Drawing d;
  d.map_pages(0, 2, 3);
  d.map_pages(10, 2, 3);
  d.store(0);
  d.remap_pages(0, 2, 2, kMoveTo, 12);
  CHECK(d.picture(15) == "..........AA|AA.");
  d.remap_pages(12, 2, 2, kMoveTo, 0);
  d.map_pages(2, 1, 3);
  CHECK(d.picture(15) == "AAA.......AA...");
}

TEST_CASE("mremap: the first touched part to join an untouched mapping brings its anon_vma") {
  Drawing d;
  d.map_pages(0, 4, 3);
  d.store(2);
  d.remap_pages(2, 1, 1, kMoveTo, 10);
  d.unmap_pages(0, 4);
  d.map_pages(0, 2, 3);
  d.remap_pages(10, 1, 1, kMoveTo, 2);
  CHECK(d.picture(12) == "AAA.........");
  CHECK(d.space.find_vma(page(0))->anon_vma);
  CHECK(d.space.find_vma(page(0))->pgoff == vpn(0).value);
}

TEST_CASE("mremap: a page moves with its frame and its bits, and the TLB forgets where it was") {
  Drawing d;
  d.map_pages(0, 4, 3);
  d.store(0);
  d.space.page_table().walk(vpn(0), AccessKind::kStore);
  REQUIRE(d.access(page(1), false) == "ok");  // the zero page
  d.store(2);
  d.store(3);
  CHECK_FALSE(d.space.unmap_page(vpn(3), hw::Pte::make_swap(3), d.gather));
  d.gather.clear();
  hw::Pte before[4];
  for (uint64_t i = 0; i < 4; ++i) before[i] = d.pte(i);
  const uint64_t frames = d.allocator.in_use();
  REQUIRE(d.space.remap({page(0), 4 * kPage, 4 * kPage, kMoveTo, page(8)}, d.gather).ok());
  REQUIRE(d.gather.ranges().size() == 1);
  CHECK(d.gather.ranges()[0].first == vpn(0));
  CHECK(d.gather.ranges()[0].count == 3);
  d.gather.clear();
  for (uint64_t i = 0; i < 4; ++i) {
    CHECK(d.pte(i).none());
    CHECK(d.pte(8 + i) == before[i]);
  }
  CHECK(d.allocator.in_use() == frames);
  CHECK(d.slots.references[3] == 1);
  CHECK(d.space.counters().swap == 1);
  CHECK(d.rmap.contains(before[0].pfn(d.layout()), {&d.space, vpn(8)}));
  d.space.validate();
  d.unmap_pages(8, 4);
  CHECK(d.slots.references[3] == 0);
  CHECK(d.allocator.in_use() == 0);
}

TEST_CASE("mremap: pages of a mapping without rights move too") {
  Drawing d;
  d.map_pages(0, 1, 3);
  d.store(0);
  d.protect_pages(0, 1, 0);
  const Pfn frame = d.pte(0).prot_none_pfn();
  d.remap_pages(0, 1, 1, kMoveTo, 4);
  CHECK(d.pte(4).prot_none_pfn() == frame);
  d.protect_pages(4, 1, 3);
  CHECK(d.pte(4).writable(d.layout()));
}

TEST_CASE("mremap: MREMAP_DONTUNMAP leaves an empty mapping that was never touched") {
  Drawing d;
  d.map_pages(0, 2, 3);
  d.store(0);
  const uint64_t data = d.space.counters().data_vm;
  d.remap_pages(0, 2, 2, kKeepOld, 8);
  CHECK(d.pte(0).none());
  CHECK_FALSE(d.space.find_vma(page(0))->anon_vma);
  CHECK(d.space.find_vma(page(8))->anon_vma);
  CHECK(d.space.counters().data_vm == data + 2);
  d.remap_pages(8, 1, 1, kKeepOld, 16);  // a part: its mapping keeps what it has
  CHECK(d.space.find_vma(page(8))->anon_vma);
}

TEST_CASE("mremap: what MREMAP_DONTUNMAP unlocked stays in the count of locked pages") {
  Drawing d;
  d.map_pages(0, 4, 3, kFixedAnon | linux_abi::kMAP_LOCKED);
  d.remap_pages(1, 1, 1, kKeepOld, 8);
  CHECK_FALSE(d.space.find_vma(page(0))->has(kVmLocked));
  CHECK(d.space.counters().locked_vm == 5);
  d.unmap_pages(0, 4);
  d.unmap_pages(8, 1);
  CHECK(d.space.counters().locked_vm == 4);
  CHECK(dies_with(
      [&] {
        ++AddressSpaceTestPeer::counters(d.space).orphan_locked;
        d.space.validate();
      },
      "invariant 2: total"));
}

TEST_CASE("mremap: a move is no peak of VmSize, growth is") {
  Drawing d;
  d.map_pages(0, 4, 3);
  const uint64_t size = d.space.counters().total_vm;
  d.remap_pages(0, 4, 4, kMoveTo, 8);
  CHECK(d.space.counters().peak_total_vm == size);
  d.remap_pages(8, 4, 5, kMoveTo, 0);
  CHECK(d.space.counters().peak_total_vm == size + 1);
}

TEST_CASE("mremap: locked memory that grows, in place or not, is to be faulted in where it grew") {
  Drawing d;
  d.map_pages(0, 2, 3, kFixedAnon | linux_abi::kMAP_LOCKED);
  (void)d.space.take_populate();
  d.remap_pages(0, 2, 3, kStay);
  CHECK(d.space.take_populate() == std::vector<AddrRange>{{page(2), page(3)}});
  d.remap_pages(0, 3, 5, kMoveTo, 8);
  CHECK(d.space.take_populate() == std::vector<AddrRange>{{page(11), page(13)}});
  d.remap_pages(8, 5, 5, kMoveTo, 0);
  d.remap_pages(0, 5, 4, kStay);
  CHECK(d.space.take_populate().empty());
}

TEST_CASE("mremap: an error leaves what the header says") {
  Drawing d;
  map_three(d);
  d.seal_pages(4, 2);
  const auto fails = [&](const Move& m, Errno error, const std::string& after) {
    const Result<VirtAddr> result = d.space.remap(
        {page(m.from), m.old_count * kPage, m.new_count * kPage, m.flags, page(m.to)}, d.gather);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error() == error);
    CHECK(d.picture(14) == after);
    d.gather.clear();
    d.space.validate();
  };
  fails({2, 2, 3, kStay}, Errno::kENOMEM, "..AA|rr|AA......");
  fails({1, 2, 2, kMoveTo, 10}, Errno::kEFAULT, "..AA|rr|AA......");
  fails({2, 2, 2, kMoveTo, 4}, Errno::kEPERM, "..AA|rr|AA......");
  fails({2, 3, 1, kStay}, Errno::kEPERM, "..A|A|rr|AA......");
  fails({3, 5, 5, kMoveTo, 9}, Errno::kEPERM, "..A.rr|AA.A....");
}

TEST_CASE("mremap: moved page tables are made where they were, and leave with whole ones") {
  Drawing d;
  d.map_pages(0, 1, 3);
  d.map_pages(1, 1, 1);
  d.store(0);
  const uint64_t tables = d.space.page_table_pages();
  d.remap_pages(1, 1, 1, kMoveTo, 600);  // nothing in it, but its table was there
  CHECK(d.space.page_table_pages() == tables + 1);
  d.unmap_pages(600, 1);
  CHECK(d.space.page_table_pages() == tables);

  Drawing whole;
  whole.map_pages(0, 1024, 3);
  whole.store(0);
  whole.store(1023);
  const uint64_t before = whole.space.page_table_pages();
  whole.remap_pages(0, 512, 512, kKeepOld, 2048);
  CHECK(whole.space.page_table_pages() == before);
  whole.remap_pages(512, 511, 511, kKeepOld, 3072);  // not a whole one
  CHECK(whole.space.page_table_pages() == before + 1);

  // What is alone in its table takes it along, if it reaches the table's end.
  Drawing late;
  late.map_pages(256, 1024, 3);
  for (const uint64_t i : {256u, 512u, 1279u}) late.store(i);
  const uint64_t three = late.space.page_table_pages();
  late.remap_pages(256, 1024, 1024, kKeepOld, 256 + 4096);
  CHECK(late.space.page_table_pages() == three + 1);
}

TEST_CASE("mseal: what is sealed looks like this, and a hole seals nothing") {
  Drawing d;
  d.map_pages(0, 6, 3);
  d.seal_pages(1, 2);
  CHECK(d.picture(6) == "A|AA|AAA");
  d.seal_pages(0, 2);
  CHECK(d.picture(6) == "AAA|AAA");
  const Result<void> holed = d.space.seal(page(4), 3 * kPage, 0);
  REQUIRE_FALSE(holed.ok());
  CHECK(holed.error() == Errno::kENOMEM);
  CHECK_FALSE(d.space.find_vma(page(4))->has(kVmSealed));
  const Result<void> unmapped = d.space.unmap(page(2), 2 * kPage, d.gather);
  REQUIRE_FALSE(unmapped.ok());
  CHECK(unmapped.error() == Errno::kEPERM);
  d.store(0);
}

TEST_CASE("remap_file_pages: other pages of the same object, which join where they continue it") {
  Drawing d;
  d.map_pages(0, 4, 3, 0x31);
  const auto object = d.space.find_vma(page(0))->backing;
  const auto remap = [&](uint64_t first, uint64_t count, uint64_t pgoff) {
    return d.space.remap_file_pages({page(first), count * kPage, 0, pgoff, 0}, d.gather);
  };
  REQUIRE(remap(1, 1, 3).ok());
  CHECK(d.picture(4) == "A|A|AA");
  CHECK(d.space.find_vma(page(1))->pgoff == 3);
  CHECK(d.space.find_vma(page(1))->backing == object);
  CHECK(d.space.take_populate() == std::vector<AddrRange>{{page(1), page(2)}});
  REQUIRE(remap(1, 1, 1).ok());
  CHECK(d.picture(4) == "AAAA");
  CHECK_FALSE(remap(3, 2, 0).ok());
  d.gather.clear();
  d.space.validate();
}

}  // namespace
}  // namespace faultline::mm
