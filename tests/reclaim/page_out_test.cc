#include "sim/reclaim/page_out.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/reclaim/small_machine.h"

namespace faultline::reclaim {
namespace {

using testing::PteList;
using testing::SmallMachine;

enum class Swap : bool { kNone, kSome };

// A machine whose pages are given up one by one.
struct Fixture {
  explicit Fixture(Swap swap)
      : m({.frames = 8}),
        page_out({.frames = m.frames,
                  .reverse_map = m.reverse_map,
                  .cache = m.cache,
                  .swap = swap == Swap::kNone ? nullptr : &m.swap}) {}

  void give_up(Pfn pfn) {
    page_out.page_out(pfn, m.gather);
    m.reclaimer.validate();
    m.reverse_map.validate();
    m.cache.validate();
  }
  void flag(Pfn pfn, phys::FrameFlag flag) {
    m.frames[pfn].flags = static_cast<uint16_t>(m.frames[pfn].flags | flag);
  }
  // 'P' present, 's' swapped out, '.' none.
  char at(uint64_t vpn) const {
    const hw::Pte pte = m.a.pte(Vpn{vpn});
    return pte.none() ? '.' : pte.present(PteList::layout()) ? 'P' : 's';
  }

  SmallMachine m;
  PageOut page_out;
};

TEST_CASE(
    "PageOut: an anonymous page stays where there is no swap, and goes there where there is") {
  for (const Swap swap : {Swap::kNone, Swap::kSome}) {
    Fixture f(swap);
    const Pfn pfn = f.m.map_anon(f.m.a, Vpn{0});
    f.m.reference(f.m.a, Vpn{0}, true);
    f.give_up(pfn);
    CHECK(f.at(0) == (swap == Swap::kNone ? 'P' : 's'));
  }
}

TEST_CASE(
    "PageOut: what MADV_FREE gave up goes while it is clean, and is ordinary when stored to") {
  Fixture f(Swap::kSome);
  const Pfn clean = f.m.map_anon(f.m.a, Vpn{0});
  const Pfn dirty = f.m.map_anon(f.m.a, Vpn{1});
  f.flag(clean, phys::kFrameLazyFree);
  f.flag(dirty, phys::kFrameLazyFree);
  f.m.reference(f.m.a, Vpn{1}, true);
  f.give_up(clean);
  CHECK(f.at(0) == '.');
  f.give_up(dirty);
  CHECK(f.at(1) == 'P');
  CHECK((f.m.frames[dirty].flags & phys::kFrameLazyFree) == 0);
  f.give_up(dirty);
  CHECK(f.at(1) == 's');
}

TEST_CASE("PageOut: a droppable page goes, stored to or not") {
  Fixture f(Swap::kSome);
  const Pfn pfn = f.m.map_anon(f.m.a, Vpn{0});
  f.flag(pfn, phys::kFrameDroppable);
  f.m.reference(f.m.a, Vpn{0}, true);
  f.give_up(pfn);
  CHECK(f.at(0) == '.');
}

TEST_CASE("PageOut: of a file the clean page goes, the dirty one is unmapped and stays cached") {
  Fixture f(Swap::kNone);
  const Pfn clean = f.m.map_file(f.m.a, Vpn{0}, 0);
  const Pfn dirty = f.m.map_file(f.m.a, Vpn{1}, 1);
  f.m.cache.mark_dirty(*f.m.backing, 1);
  f.give_up(clean);
  f.give_up(dirty);
  CHECK(f.at(0) == '.');
  CHECK(f.at(1) == '.');
  CHECK(f.m.cache.find(*f.m.backing, 0) == kNoPfn);
  CHECK(f.m.cache.find(*f.m.backing, 1) == dirty);
  CHECK(f.m.cache.dirty_pages() == 1);
}

TEST_CASE("PageOut: what is locked or in the kernel's hands stays") {
  Fixture f(Swap::kSome);
  const Pfn locked = f.m.map_anon(f.m.a, Vpn{0});
  f.m.a.lock(Vpn{0});
  const Pfn held = f.m.map_anon(f.m.a, Vpn{1});
  f.m.allocator.get(held);
  const Pfn file = f.m.map_file(f.m.a, Vpn{2}, 0);
  f.m.a.lock(Vpn{2});
  for (const Pfn pfn : {locked, held, file}) f.give_up(pfn);
  CHECK(f.at(0) == 'P');
  CHECK(f.at(1) == 'P');
  CHECK(f.at(2) == 'P');
  f.m.allocator.put(held);
}

TEST_CASE("Reclaimer: a page that MADV_FREE gave up takes no slot of the swap device") {
  Fixture f(Swap::kSome);
  const Pfn pfn = f.m.map_anon(f.m.a, Vpn{0});
  f.flag(pfn, phys::kFrameLazyFree);
  REQUIRE(f.m.reclaimer.evict_one(f.m.gather));
  CHECK(f.at(0) == '.');
  CHECK(f.m.swap_device.in_use() == 0);
  CHECK(f.m.reclaimer.dirty_evictions() == 0);
}

}  // namespace
}  // namespace faultline::reclaim
