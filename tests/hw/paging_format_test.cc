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
    uint64_t seen = format.pte.pfn_mask;
    for (const uint64_t bit : {format.pte.present, format.pte.write, format.pte.user,
                               format.pte.accessed, format.pte.dirty, format.pte.no_execute}) {
      CHECK(std::popcount(bit) <= 1);
      CHECK((seen & bit) == 0);
      seen |= bit;
    }
    CHECK(std::popcount(format.pte.present) == 1);
    CHECK(std::countr_zero(format.pte.pfn_mask) == format.pte.pfn_shift);
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
    CHECK(format.user_address_bits <= format.offset_bits + format.page_number_bits());
  }
}

TEST_CASE("PagingFormat: user space ends one page below 2^47, or 2^56 with five levels") {
  CHECK(find_paging_format("x86-64")->user_end() == VirtAddr{0x7fff'ffff'f000});
  CHECK(find_paging_format("x86-64-la57")->user_end() == VirtAddr{0xff'ffff'ffff'f000});
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
