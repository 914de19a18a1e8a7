#include "sim/hw/paging_format.h"

#include <doctest/doctest.h>

#include <bit>
#include <set>
#include <string>

namespace faultline::hw {
namespace {

TEST_CASE("PagingFormat: each row is found by its name, and no other name is") {
  std::set<std::string_view> names;
  for (const PagingFormat& format : paging_formats()) {
    CHECK(find_paging_format(format.name) == &format);
    CHECK(names.insert(format.name).second);
    CHECK_FALSE(format.description.empty());
  }
  CHECK(find_paging_format("x86") == nullptr);
  CHECK(find_paging_format("") == nullptr);
}

TEST_CASE("PagingFormat: each row's bits are single, apart from each other and from the frame's") {
  for (const PagingFormat& format : paging_formats()) {
    CAPTURE(format.name);
    const PteLayout& l = format.pte;
    uint64_t seen = l.pfn_mask | l.leaf;
    CHECK((l.pfn_mask & l.leaf) == 0);
    for (const uint64_t bit :
         {l.present, l.write, l.user, l.accessed, l.dirty, l.read_only, l.execute, l.no_execute}) {
      CHECK(std::popcount(bit) <= 1);
      CHECK((seen & bit) == 0);
      seen |= bit;
    }
    for (const uint64_t bit : {l.present, l.write, l.user, l.accessed, l.dirty})
      CHECK(std::popcount(bit) == 1);
    CHECK((l.execute == 0 || l.no_execute == 0));
    CHECK((l.table & l.present) != 0);
    CHECK((l.table & l.pfn_mask) == 0);
    CHECK(std::countr_zero(l.pfn_mask) == l.pfn_shift);
    if (format.entry_bytes == 4) CHECK((seen | l.table) < uint64_t{1} << 32);
  }
}

TEST_CASE("PagingFormat: each row's page numbers leave room for the address space in a TLB tag") {
  for (const PagingFormat& format : paging_formats()) {
    CAPTURE(format.name);
    CHECK(format.levels >= 1);
    CHECK(format.levels <= kLevelsMax);
    for (int level = 0; level < kLevelsMax; ++level)
      CHECK((format.index_bits[level] != 0) == (level < format.levels));
    CHECK(format.page_number_bits() < 48);
    const int address_bits = format.offset_bits + format.page_number_bits();
    CHECK(address_bits < 64);
    CHECK(format.user_end().value <= uint64_t{1} << address_bits);
    CHECK(format.page_size().aligned(format.user_end()));
  }
}

TEST_CASE("PagingFormat: user space ends where each processor's Linux ends it") {
  CHECK(find_paging_format("x86-64")->user_end() == VirtAddr{0x7fff'ffff'f000});
  CHECK(find_paging_format("x86-64-la57")->user_end() == VirtAddr{0xff'ffff'ffff'f000});
  CHECK(find_paging_format("x86-32")->user_end() == VirtAddr{0xc000'0000});
  CHECK(find_paging_format("sv32")->user_end() == VirtAddr{0x9d80'0000});
  CHECK(find_paging_format("sv39")->user_end() == VirtAddr{0x40'0000'0000});
  CHECK(find_paging_format("sv48")->user_end() == VirtAddr{0x8000'0000'0000});
  CHECK(find_paging_format("sv57")->user_end() == VirtAddr{0x100'0000'0000'0000});
  for (const char* arm64 : {"arm64-4k", "arm64-16k", "arm64-64k"})
    CHECK(find_paging_format(arm64)->user_end() == VirtAddr{0x1'0000'0000'0000});
}

TEST_CASE("PagingFormat: the tables of each processor are a page, but a root that is smaller") {
  for (const PagingFormat& format : paging_formats()) {
    CAPTURE(format.name);
    for (int level = 0; level < format.levels; ++level) {
      const uint64_t bytes = uint64_t{format.entry_bytes} << format.index_bits[level];
      CHECK((bytes == format.page_size().bytes() ||
             (level == format.levels - 1 && bytes < format.page_size().bytes())));
    }
  }
}

TEST_CASE("PagingFormat: entries of 32 bits number fewer frames than there are frame numbers") {
  CHECK(find_paging_format("x86-64")->frames_max() == 0xffff'fffe);
  CHECK(find_paging_format("x86-32")->frames_max() == 0xf'ffff);
  CHECK(find_paging_format("sv32")->frames_max() == 0x3f'ffff);
}

// Elsewhere whatever is not translated is a page fault.
TEST_CASE("PagingFormat: x86-64 alone tells addresses that are not canonical from others") {
  for (const PagingFormat& format : paging_formats()) {
    CAPTURE(format.name);
    const bool x86 = format.name.starts_with("x86-64");
    CHECK(format.canonical({0x0100'0000'0000'0000}) == !x86);
  }
}

TEST_CASE("PagingFormat: canonical addresses repeat the top translated bit") {
  struct Row {
    uint64_t address;
    bool four_levels;
    bool five_levels;
  };
  for (const Row& row :
       {Row{0, true, true}, Row{0x7fff'ffff'ffff, true, true}, Row{0x8000'0000'0000, false, true},
        Row{0xff'ffff'ffff'ffff, false, true}, Row{0x100'0000'0000'0000, false, false},
        Row{0xfeff'ffff'ffff'ffff, false, false}, Row{0xff00'0000'0000'0000, false, true},
        Row{0xffff'7fff'ffff'ffff, false, true}, Row{0xffff'8000'0000'0000, true, true},
        Row{~uint64_t{0}, true, true}}) {
    CAPTURE(row.address);
    CHECK(find_paging_format("x86-64")->canonical({row.address}) == row.four_levels);
    CHECK(find_paging_format("x86-64-la57")->canonical({row.address}) == row.five_levels);
  }
}

}  // namespace
}  // namespace faultline::hw
