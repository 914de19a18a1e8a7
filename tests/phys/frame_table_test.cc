#include "sim/phys/frame_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

#include "tests/support/death.h"

namespace faultline::phys {

struct FrameTableTestPeer {
  static void give_zero_page_bytes(FrameTable& t) {
    t.bytes_[0] = std::make_unique<std::byte[]>(t.page_size_.bytes());
  }
  static void give_bytes(FrameTable& t, Pfn pfn) {
    t.bytes_[pfn.value] = std::make_unique<std::byte[]>(t.page_size_.bytes());
  }
};

namespace {

using testing::dies_with;

bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

TEST_CASE("FrameTable: the zero page is there from the start, in use and all zero") {
  const FrameTable table({12}, Contents::kBytes);
  CHECK(table.size() == 1);
  CHECK((table[kZeroPagePfn].flags & kFrameInUse) != 0);
  CHECK(table.bytes(kZeroPagePfn).size() == 4096);
  CHECK(all_zero(table.bytes(kZeroPagePfn)));
  table.validate();
}

TEST_CASE("FrameTable: a frame entry has 24 bytes") { CHECK(sizeof(PageFrame) == 24); }

TEST_CASE("FrameTable: a taken frame is in use with one user, and nothing else is known of it") {
  FrameTable table({12}, Contents::kBytes);
  table.mark_taken({5});
  CHECK(table.size() == 6);
  CHECK(table.last_references().size() == 6);
  CHECK(table[{5}].refcount == 1);
  CHECK(table[{5}].mapcount == 0);
  CHECK(table[{5}].flags == kFrameInUse);
  CHECK(table[{4}].flags == 0);
  table.validate();
}

TEST_CASE("FrameTable: bytes come with the first store and go with the frame") {
  FrameTable table({12}, Contents::kBytes);
  table.mark_taken({1});
  CHECK_FALSE(table.has_bytes({1}));
  CHECK(all_zero(table.bytes({1})));
  const std::span<std::byte> page = table.writable_bytes({1});
  CHECK(page.size() == 4096);
  CHECK(all_zero(page));
  page[4095] = std::byte{7};
  CHECK(table.has_bytes({1}));
  CHECK(table.bytes({1})[4095] == std::byte{7});
  table.mark_free({1});
  table.validate();
  table.mark_taken({1});
  CHECK_FALSE(table.has_bytes({1}));
  CHECK(all_zero(table.bytes({1})));
}

TEST_CASE("FrameTable: without contents there is nothing to write to and zeros to read") {
  FrameTable table({14}, Contents::kNone);
  table.mark_taken({1});
  CHECK(table.writable_bytes({1}).empty());
  CHECK_FALSE(table.has_bytes({1}));
  CHECK(table.bytes({1}).size() == 16384);
  CHECK(all_zero(table.bytes({1})));
  table.validate();
}

TEST_CASE("FrameTable: freeing forgets the owner, the flags and the last reference") {
  FrameTable table({12}, Contents::kNone);
  table.mark_taken({1});
  table[{1}].flags |= kFrameFile | kFrameDirty;
  table[{1}].owner = 3;
  table[{1}].pgoff = 9;
  table.last_references()[1] = 77;
  table.mark_free({1});
  CHECK(table[{1}].flags == 0);
  CHECK(table[{1}].owner == 0);
  CHECK(table[{1}].pgoff == 0);
  CHECK(table.last_references()[1] == 0);
}

TEST_CASE("FrameTable: what it requires is checked") {
  FrameTable table({12}, Contents::kBytes);
  table.mark_taken({1});
  CHECK(dies_with([&] { table.mark_taken({1}); }, "(frame.flags & kFrameInUse) == 0"));
  CHECK(dies_with([&] { table.mark_taken(kNoPfn); }, "pfn != kNoPfn"));
  CHECK(dies_with([&] { table.mark_free(kZeroPagePfn); }, "pfn != kZeroPagePfn"));
  CHECK(dies_with([&] { table.writable_bytes(kZeroPagePfn); }, "pfn != kZeroPagePfn"));
  CHECK(dies_with([&] { (void)table.bytes({2}); }, "pfn.value < frames_.size()"));
  CHECK(dies_with(
      [&] {
        table[{1}].mapcount = 1;
        table.mark_free({1});
      },
      "frame.mapcount == 0"));
}

TEST_CASE("FrameTable: each broken invariant stops the program") {
  FrameTable table({12}, Contents::kBytes);
  table.mark_taken({1});
  table.mark_taken({2});
  table.mark_free({2});
  const auto dies = [&](auto break_it, const char* message) {
    return dies_with(
        [&] {
          break_it();
          table.validate();
        },
        message);
  };
  CHECK(dies([&] { FrameTableTestPeer::give_zero_page_bytes(table); }, "!has_bytes(kZeroPagePfn)"));
  CHECK(dies([&] { table[{2}].refcount = 1; }, "frame.refcount == 0"));
  CHECK(dies([&] { table[{2}].mapcount = 1; }, "frame.mapcount == 0"));
  CHECK(dies([&] { table[{2}].flags = kFrameDirty; }, "frame.flags == 0"));
  CHECK(dies([&] { FrameTableTestPeer::give_bytes(table, {2}); }, "frame 2 is free"));
  CHECK(dies([&] { table[{1}].mapcount = 2; }, "frame.mapcount <= frame.refcount"));
}

}  // namespace
}  // namespace faultline::phys
