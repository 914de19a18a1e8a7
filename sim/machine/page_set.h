// PageSet: the pages ever referenced, of all address spaces, so that first references can be told
// from later ones.
//
// A flat table with linear probing: 12 to 24 bytes a page, a third of what std::unordered_set
// takes. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace faultline::machine {

class PageSet {
 public:
  PageSet() : slots_(kSlotsAtFirst, kEmpty) {}

  // Returns whether `tag` (hw::tlb_tag of the page) is new. Expected O(1).
  bool insert(uint64_t tag) {
    uint64_t* slot = find_slot(slots_, tag);
    if (*slot == tag) return false;
    *slot = tag;
    ++size_;
    if (size_ * 3 > slots_.size() * 2) grow();
    return true;
  }
  uint64_t size() const { return size_; }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};  // no tag is: page numbers have 45 bits at most
  static constexpr uint64_t kSlotsAtFirst = 1024;

  static uint64_t* find_slot(std::vector<uint64_t>& slots, uint64_t tag) {
    const uint64_t mask = slots.size() - 1;
    uint64_t i = (tag * 0x9e3779b97f4a7c15u >> 20) & mask;
    while (slots[i] != tag && slots[i] != kEmpty) i = (i + 1) & mask;
    return &slots[i];
  }
  void grow() {
    std::vector<uint64_t> larger(slots_.size() * 2, kEmpty);
    for (uint64_t tag : slots_)
      if (tag != kEmpty) *find_slot(larger, tag) = tag;
    slots_.swap(larger);
  }

  std::vector<uint64_t> slots_;
  uint64_t size_ = 0;
};

}  // namespace faultline::machine
