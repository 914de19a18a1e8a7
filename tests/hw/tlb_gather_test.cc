#include "sim/hw/tlb_gather.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/death.h"

namespace faultline::hw {
namespace {

using testing::dies_with;

// "1:4+2" are 2 pages from page 4 on of address space 1; "1:*" is all of it.
std::string picture(const TlbGather& gather) {
  std::string text;
  for (const TlbGather::Range& range : gather.ranges()) {
    if (!text.empty()) text += ' ';
    text += std::to_string(range.asid.value) + ":";
    text += range.count == TlbGather::kWholeSpace
                ? "*"
                : std::to_string(range.first.value) + "+" + std::to_string(range.count);
  }
  return text;
}

TEST_CASE("TlbGather: ranges that touch the one before are joined with it") {
  struct Add {
    uint16_t asid;
    uint64_t first;
    uint64_t count;
  };
  struct Row {
    std::vector<Add> adds;
    std::string expected;
  };
  const uint64_t all = TlbGather::kWholeSpace;
  for (const Row& row :
       {Row{{}, ""}, Row{{{1, 4, 0}}, ""}, Row{{{1, 4, 1}, {1, 5, 1}, {1, 6, 3}}, "1:4+5"},
        Row{{{1, 4, 1}, {1, 3, 1}}, "1:3+2"}, Row{{{1, 4, 2}, {1, 4, 1}}, "1:4+2"},
        Row{{{1, 4, 2}, {1, 2, 9}}, "1:2+9"}, Row{{{1, 4, 1}, {1, 6, 1}}, "1:4+1 1:6+1"},
        Row{{{1, 4, 1}, {2, 5, 1}}, "1:4+1 2:5+1"},
        Row{{{1, 4, 1}, {1, 0, all}, {1, 7, 1}}, "1:4+1 1:*"},
        Row{{{1, 0, all}, {1, 0, all}, {2, 7, 1}}, "1:* 2:7+1"}}) {
    TlbGather gather;
    for (const Add& add : row.adds) gather.add_range({add.asid}, {add.first}, add.count);
    CHECK(picture(gather) == row.expected);
    CHECK(gather.empty() == row.expected.empty());
    gather.clear();
    CHECK(gather.empty());
  }
}

TEST_CASE("TlbGather: a page is a range of one, a space is all pages") {
  TlbGather gather;
  gather.add_page({3}, {7});
  gather.add_space({4});
  CHECK(picture(gather) == "3:7+1 4:*");
  gather.clear();
}

TEST_CASE("TlbGather: one that is dropped unapplied stops the program") {
  CHECK(dies_with(
      [] {
        TlbGather gather;
        gather.add_page({1}, {2});
      },
      "check failed: empty()"));
}

}  // namespace
}  // namespace faultline::hw
