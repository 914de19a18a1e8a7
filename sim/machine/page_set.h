// PageSet: the pages ever referenced of an address space, so that first references can be told from
// later ones.
//
// A flat table with linear probing, whose slots are groups of 64 pages, a bit a page: neighbours
// share a slot, so that going through memory page by page stays in one cache line.
// Memory: 24 to 48 bytes a group that has a page, 72 while the table grows: at most 1.2 bytes a
// page where pages lie together, 72 where each is alone; 1 KiB at least. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "faultline/types.h"

namespace faultline::machine {

class PageSet {
 public:
  PageSet() : slots_(kSlotsAtFirst) {}

  // Returns whether the page is new. Expected O(1).
  bool insert(Vpn vpn) {
    const uint64_t group = vpn.value >> kGroupShift;
    const uint64_t page = uint64_t{1} << (vpn.value & kPageMask);
    Slot& slot = find_slot(slots_, group);
    if ((slot.pages & page) != 0) return false;
    const bool new_group = slot.pages == 0;
    slot.group = group;
    slot.pages |= page;
    if (new_group && ++groups_ * 3 > slots_.size() * 2) grow();
    return true;
  }

 private:
  // Empty when it has no pages.
  struct Slot {
    uint64_t group = 0;
    uint64_t pages = 0;  // a bit each
  };
  static constexpr uint64_t kGroupShift = 6;
  static constexpr uint64_t kPageMask = 63;
  static constexpr uint64_t kSlotsAtFirst = 64;

  static Slot& find_slot(std::vector<Slot>& slots, uint64_t group) {
    const uint64_t mask = slots.size() - 1;
    uint64_t i = (group * 0x9e3779b97f4a7c15u >> 20) & mask;
    while (slots[i].pages != 0 && slots[i].group != group) i = (i + 1) & mask;
    return slots[i];
  }
  void grow() {
    std::vector<Slot> larger(slots_.size() * 2);
    for (const Slot& slot : slots_)
      if (slot.pages != 0) find_slot(larger, slot.group) = slot;
    slots_.swap(larger);
  }

  std::vector<Slot> slots_;
  uint64_t groups_ = 0;
};

}  // namespace faultline::machine
