// PageIds: dense numbers for the pages of an address space, in the order in which they are asked
// for: what is kept of each page can then lie in a flat array.
//
// Units: page numbers are addresses >> the page's bits. Memory: 17 bytes a page at most.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace faultline::replay {

class PageIds {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  PageIds() : slots_(kSlotsMin, kNone) {}

  // The number of `page`; the next free one if it has none yet. O(1) on average.
  uint32_t get(uint64_t page) {
    const uint64_t mask = slots_.size() - 1;
    for (uint64_t at = hash(page) & mask;; at = (at + 1) & mask) {
      const uint32_t id = slots_[at];
      if (id == kNone) return add(page, at);
      if (pages_[id] == page) return id;
    }
  }
  uint64_t size() const { return pages_.size(); }

 private:
  static constexpr uint64_t kSlotsMin = 1 << 10;

  // Source: D. Knuth, The Art of Computer Programming, vol. 3, 6.4 (multiplication by the golden
  // ratio); its upper bits are the good ones.
  static uint64_t hash(uint64_t page) { return page * 0x9e3779b97f4a7c15 >> 20; }

  uint32_t add(uint64_t page, uint64_t slot) {
    const auto id = static_cast<uint32_t>(pages_.size());
    pages_.push_back(page);
    slots_[slot] = id;
    // 3 of 4 slots taken at most.
    if (pages_.size() * 4 > slots_.size() * 3) grow();
    return id;
  }
  void grow() {
    slots_.assign(slots_.size() * 2, kNone);
    const uint64_t mask = slots_.size() - 1;
    for (uint32_t id = 0; id < pages_.size(); ++id) {
      uint64_t at = hash(pages_[id]) & mask;
      while (slots_[at] != kNone) at = (at + 1) & mask;
      slots_[at] = id;
    }
  }

  std::vector<uint64_t> pages_;  // by number
  std::vector<uint32_t> slots_;  // a hash table with linear probing
};

}  // namespace faultline::replay
