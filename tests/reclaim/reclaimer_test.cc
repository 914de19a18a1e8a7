#include "sim/reclaim/reclaimer.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "tests/reclaim/small_machine.h"
#include "tests/support/death.h"

namespace faultline::reclaim {

struct ReclaimerTestPeer {
  static std::vector<bool>& held(Reclaimer& reclaimer) { return reclaimer.held_; }
  static Pfn& victim(Reclaimer& reclaimer) { return reclaimer.victim_; }
  static uint64_t& dirty_evictions(Reclaimer& reclaimer) { return reclaimer.dirty_evictions_; }
};

namespace {

using testing::dies_with;
using testing::PteList;
using testing::SmallMachine;

bool present(const PteList& space, uint64_t vpn) {
  return space.pte(Vpn{vpn}).present(PteList::layout());
}

// The pages of `space` below 10 by what their PTEs say: 'P' present, 's' swapped out, '.' none.
std::string picture(const PteList& space) {
  std::string picture;
  for (uint64_t vpn = 0; vpn < 10; ++vpn) {
    const hw::Pte pte = space.pte(Vpn{vpn});
    picture += pte.none() ? '.' : pte.present(PteList::layout()) ? 'P' : 's';
  }
  return picture;
}

TEST_CASE("Reclaimer: an anonymous page goes to swap with its bytes, and its PTE says where") {
  SmallMachine m({.frames = 2});
  const Pfn first = m.map_anon(m.a, Vpn{0});
  m.frames.writable_bytes(first)[7] = std::byte{0x5a};
  m.reference(m.a, Vpn{0}, true);
  m.map_anon(m.a, Vpn{1});
  CHECK(m.map_anon(m.a, Vpn{2}) == first);
  CHECK(picture(m.a) == "sPP.......");
  const uint32_t slot = m.a.pte(Vpn{0}).swap_slot();
  CHECK(m.byte_in_swap(slot, 7) == 0x5a);
  CHECK(m.swap.only_user(slot));
  CHECK(m.reclaimer.evictions() == 1);
  CHECK(m.reclaimer.dirty_evictions() == 1);
  m.reclaimer.validate();
  // And back.
  m.a.unmap_page(Vpn{2}, hw::Pte{}, m.gather);
  const Pfn again = *m.allocator.take();
  m.swap.read(slot, again);
  CHECK(m.frames.bytes(again)[7] == std::byte{0x5a});
  m.swap.put_slot(slot);
  CHECK(m.swap_device.in_use() == 0);
}

TEST_CASE(
    "Reclaimer: a page that was never stored to is no dirty eviction, and swap keeps no bytes") {
  SmallMachine m({.frames = 1});
  m.map_anon(m.a, Vpn{0});
  m.map_anon(m.a, Vpn{1});
  CHECK(picture(m.a) == "sP........");
  CHECK(m.reclaimer.evictions() == 1);
  CHECK(m.reclaimer.dirty_evictions() == 0);
  CHECK(!m.swap_device.has_bytes(m.a.pte(Vpn{0}).swap_slot()));
  const Pfn frame = m.a.pte(Vpn{1}).pfn(PteList::layout());
  m.swap.read(m.a.pte(Vpn{0}).swap_slot(), frame);
  CHECK(!m.frames.has_bytes(frame));
}

TEST_CASE("Reclaimer: a page that two processes share leaves both, and both hold the slot") {
  SmallMachine m({.frames = 2});
  const Pfn shared = m.map_anon(m.a, Vpn{0});
  m.b.map(Vpn{5}, shared);
  m.reference(m.b, Vpn{5}, true);
  m.map_anon(m.a, Vpn{1});
  m.gather.clear();
  m.map_anon(m.a, Vpn{2});
  CHECK(picture(m.a) == "sPP.......");
  CHECK(picture(m.b) == ".....s....");
  CHECK(m.a.pte(Vpn{0}) == m.b.pte(Vpn{5}));
  const uint32_t slot = m.a.pte(Vpn{0}).swap_slot();
  CHECK(m.swap_device.references(slot) == 2);
  CHECK(!m.swap.only_user(slot));
  // One of the two was dirty, and one page was evicted.
  CHECK(m.reclaimer.dirty_evictions() == 1);
  CHECK(m.reclaimer.evictions() == 1);
  // Both TLBs forget it.
  REQUIRE(m.gather.ranges().size() == 2);
  CHECK(m.gather.ranges()[0].asid == Asid{1});
  CHECK(m.gather.ranges()[1].asid == Asid{2});
}

TEST_CASE("Reclaimer: a clean page of a file is dropped, a dirty one is written first") {
  SmallMachine m({.frames = 2});
  m.map_file(m.a, Vpn{0}, 3);
  const Pfn dirty = m.map_file(m.a, Vpn{1}, 4);
  m.frames.writable_bytes(dirty)[1] = std::byte{0xee};
  m.reference(m.a, Vpn{1}, true);
  m.map_anon(m.b, Vpn{0});
  CHECK(picture(m.a) == ".P........");
  CHECK(m.cache.find(*m.backing, 3) == kNoPfn);
  CHECK(m.reclaimer.dirty_evictions() == 0);
  m.map_anon(m.b, Vpn{1});
  CHECK(picture(m.a) == "..........");
  CHECK(m.reclaimer.evictions() == 2);
  CHECK(m.reclaimer.dirty_evictions() == 1);
  std::vector<std::byte> page(4096);
  m.file->read_page(4, page);
  CHECK(page[1] == std::byte{0xee});
  CHECK(m.swap_device.in_use() == 0);
}

TEST_CASE("Reclaimer: a page of a file that no process maps goes too") {
  SmallMachine m({.frames = 1});
  m.map_file(m.a, Vpn{0}, 3);
  m.a.unmap_page(Vpn{0}, hw::Pte{}, m.gather);
  CHECK(m.allocator.in_use() == 1);
  CHECK(m.map_anon(m.a, Vpn{1}) != kNoPfn);
}

TEST_CASE("Reclaimer: frames just taken, locked or in the kernel's hands stay") {
  SmallMachine m({.frames = 4});
  const Pfn empty = *m.allocator.take();
  m.map_anon(m.a, Vpn{0});
  m.a.lock(Vpn{0});
  const Pfn copied = m.map_anon(m.a, Vpn{1});
  m.allocator.get(copied);
  const Pfn read = m.map_file(m.a, Vpn{2}, 0);
  m.allocator.get(read);
  CHECK(!m.reclaimer.evict_one(m.gather));
  CHECK(m.reclaimer.evictions() == 0);
  CHECK(picture(m.a) == "PPP.......");
  m.reclaimer.validate();
  // One after the other becomes free to go.
  m.allocator.put(read);
  CHECK(m.reclaimer.evict_one(m.gather));
  CHECK(picture(m.a) == "PP........");
  m.allocator.put(copied);
  CHECK(m.reclaimer.evict_one(m.gather));
  CHECK(picture(m.a) == "Ps........");
  m.frames[empty].flags |= phys::kFrameAnon;
  m.b.map(Vpn{0}, empty);
  m.allocator.put(empty);
  CHECK(m.reclaimer.evict_one(m.gather));
  CHECK(picture(m.b) == "s.........");
  CHECK(!m.reclaimer.evict_one(m.gather));
  m.reclaimer.validate();
}

TEST_CASE("Reclaimer: when swap is full nothing changes") {
  SmallMachine m({.frames = 2, .swap_slots = 1});
  for (uint64_t vpn = 0; vpn < 3; ++vpn) CHECK(m.map_anon(m.a, Vpn{vpn}) != kNoPfn);
  CHECK(m.map_anon(m.a, Vpn{3}) == kNoPfn);
  CHECK(picture(m.a) == "sPP.......");
  CHECK(m.reclaimer.evictions() == 1);
  m.reclaimer.validate();
}

TEST_CASE("Reclaimer: an unmapped page is forgotten by the policy") {
  for (const PolicyRow& row : policy_rows()) {
    SmallMachine m({.policy = row.name, .frames = 2});
    m.map_anon(m.a, Vpn{0});
    m.map_anon(m.a, Vpn{1});
    m.a.unmap_page(Vpn{0}, hw::Pte{}, m.gather);
    CHECK(m.policy->size() == 1);
    m.reclaimer.validate();
    m.map_anon(m.a, Vpn{2});
    m.map_anon(m.a, Vpn{3});
    // Which of the two that were there is the policy's matter: CLOCK finds all bits set, and the
    // page that refilled the lowest frame first.
    const std::string found = picture(m.a);
    CHECK((found == ".PsP......" || found == ".sPP......"));
    if (row.name == "clock") CHECK(found == ".PsP......");
    if (row.name == "lru") CHECK(found == ".sPP......");
  }
}

TEST_CASE("Reclaimer: LRU takes what was read ahead for as new as the read") {
  SmallMachine m({.policy = "lru", .frames = 3});
  m.map_anon(m.a, Vpn{0});
  m.cache.insert(*m.backing, 1, *m.allocator.take());  // read ahead, never referenced
  m.map_anon(m.a, Vpn{1});
  m.map_anon(m.a, Vpn{2});
  CHECK(picture(m.a) == "sPP.......");
  m.map_anon(m.a, Vpn{3});
  CHECK(m.cache.find(*m.backing, 1) == kNoPfn);
  CHECK(picture(m.a) == "sPPP......");
}

TEST_CASE("Reclaimer: with clock:enter=0 the reference that brings a page in leaves no trace") {
  for (const bool enter : {false, true}) {
    SmallMachine m({.policy = enter ? "clock" : "clock:enter=0", .frames = 3});
    m.map_anon(m.a, Vpn{0});
    CHECK(m.a.pte(Vpn{0}).accessed(PteList::layout()) == enter);
    // The TLB must not answer for it: the next reference is to be seen.
    CHECK(m.gather.empty() == enter);
    m.gather.clear();
    m.reference(m.a, Vpn{0}, false);
    CHECK(m.a.pte(Vpn{0}).accessed(PteList::layout()));
    CHECK(m.gather.empty());
    m.map_anon(m.a, Vpn{1});
    m.map_anon(m.a, Vpn{2});
    m.map_anon(m.a, Vpn{3});
    // enter=0: page 0 is spared, page 1 was not used since it came. Else all bits were set.
    CHECK(picture(m.a) == (enter ? "sPPP......" : "PsPP......"));
  }
}

TEST_CASE("Reclaimer: what came in and went before its reference was done is let be") {
  SmallMachine m({.policy = "clock:enter=0", .frames = 2});
  const Pfn gone = *m.allocator.take();
  m.allocator.put(gone);
  m.reclaimer.reference_done(phys::kZeroPagePfn, m.gather);
  CHECK(m.gather.empty());
}

TEST_CASE("Reclaimer: invariants hold through random mapping, sharing and eviction") {
  std::vector<std::string> policies = {"clock:enter=0"};
  for (const PolicyRow& row : policy_rows()) policies.emplace_back(row.name);
  for (const std::string& policy : policies) {
    CAPTURE(policy);
    SmallMachine m({.policy = policy, .frames = 7, .swap_slots = 10'000});
    base::Prng prng(3);
    for (int step = 0; step < 3'000; ++step) {
      PteList& space = prng.below(2) == 0 ? m.a : m.b;
      const Vpn vpn{prng.below(10)};
      if (present(space, vpn.value)) {
        if (prng.below(4) == 0) {
          space.unmap_page(vpn, hw::Pte{}, m.gather);
        } else {
          m.reference(space, vpn, prng.below(2) == 0);
        }
      } else {
        const hw::Pte old = space.pte(vpn);
        if (!old.none()) m.swap.put_slot(old.swap_slot());
        const Pfn pfn =
            prng.below(2) == 0 ? m.map_anon(space, vpn) : m.map_file(space, vpn, prng.below(16));
        REQUIRE(pfn != kNoPfn);
      }
      m.gather.clear();
      m.reclaimer.validate();
      m.reverse_map.validate();
      m.allocator.validate();
      m.frames.validate();
    }
    CHECK(m.reclaimer.evictions() > 500);
    // Some prefer clean pages, or those of files, which are clean here.
    const bool any_page = policy == "lru" || policy == "fifo" || policy.starts_with("clock");
    CHECK(m.reclaimer.dirty_evictions() > (any_page ? 100 : 10));
    CHECK(m.reclaimer.dirty_evictions() < m.reclaimer.evictions());
    uint64_t swapped = 0;
    for (const PteList* space : {&m.a, &m.b})
      for (const char c : picture(*space)) swapped += c == 's' ? 1 : 0;
    CHECK(m.swap_device.in_use() == swapped);
  }
}

TEST_CASE("Reclaimer: validate sees each invariant broken") {
  const auto broken = [](auto&& breaking) {
    return [breaking] {
      SmallMachine m({.frames = 3});
      m.map_anon(m.a, Vpn{0});
      breaking(m);
      m.reclaimer.validate();
    };
  };
  CHECK(dies_with(broken([](SmallMachine& m) { m.policy->on_remove(Pfn{1}); }),
                  "the policy holds 0 frames, 1 are in use"));
  CHECK(dies_with(broken([](SmallMachine& m) { ReclaimerTestPeer::held(m.reclaimer)[1] = false; }),
                  "frame 1: in use or held by the policy, not both"));
  CHECK(dies_with(broken([](SmallMachine& m) { ReclaimerTestPeer::victim(m.reclaimer) = Pfn{1}; }),
                  "an eviction is under way"));
  CHECK(dies_with(
      broken([](SmallMachine& m) { ReclaimerTestPeer::dirty_evictions(m.reclaimer) = 1; }),
      "dirty_evictions_ <= evictions_"));
}

TEST_CASE("Reclaimer: comes before the first frame") {
  CHECK(dies_with(
      [] {
        SmallMachine m({});
        (void)m.allocator.take();
        Reclaimer late(
            {m.frames, m.allocator, m.reverse_map, m.cache, m.swap, *m.policy, m.references});
      },
      "in_use() == 0"));
}

TEST_CASE("SwapOut: a full device has no slot, and what is free has no page") {
  SmallMachine m({.swap_slots = 1});
  const Pfn frame = *m.allocator.take();
  const auto slot = m.swap.write(frame);
  REQUIRE(slot.has_value());
  CHECK(m.swap.only_user(*slot));
  m.swap.get_slot(*slot);
  CHECK(!m.swap.only_user(*slot));
  CHECK(!m.swap.write(frame).has_value());
  m.swap.put_slot(*slot);
  m.swap.put_slot(*slot);
  CHECK(m.swap_device.in_use() == 0);
  CHECK(dies_with([&] { m.swap.read(*slot, frame); }, "references(slot) > 0"));
  CHECK(dies_with([&] { (void)m.swap.only_user(*slot); }, "references(slot) > 0"));
}

}  // namespace
}  // namespace faultline::reclaim
