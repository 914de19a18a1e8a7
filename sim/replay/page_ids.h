// PageIds: dense numbers for the pages of an address space, in the order in which they are asked
// for: what is kept of each page can then lie in a flat array.
//
// A hash table with linear probing holds the numbers, and in the bits of each that numbers do not
// need yet some of the page's hash, so that most of those that are another page's are told without
// looking at it. Once it is large it grows by a quarter, not to twice its size: memory counts here.
// Pages lie in as few bytes as they need.
//
// Units: page numbers are addresses >> the page's bits. Memory: 5 to 6.3 bytes a page, up to 10 of
// less than a million pages, and those of the largest number: 5 for addresses of up to 52 bits. Not
// thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/flat_array.h"

namespace faultline::replay {

class PageIds {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr uint64_t kPagesMax = (uint64_t{1} << 30) - 1;

  PageIds() {
    pages_.grow_to(kPadding, 0);
    make_slots(kSlotsMin);
  }

  // The number of `page`; the next free one if it has none yet. O(1) on average.
  // REQUIRES: there are fewer than kPagesMax.
  uint32_t get(uint64_t page) {
    const uint64_t hash = hash_of(page);
    for (std::size_t at = slot_of(hash);; at = next(at)) {
      const uint32_t slot = slots_[at];
      if (slot == kNone) return add(page, at, hash);
      if (tag_of(slot) == tag_of(hash) && page_at(id_of(slot)) == page) return id_of(slot);
    }
  }
  uint64_t size() const { return size_; }

  // Before get() of the item `at` of `count` pages, of which page_of(index) is each: what the next
  // ones will look at is fetched, as it is all over memory. Says what number the last of those
  // probably has, or kNone.
  // Always inline: to GCC a function that only fetches ahead does nothing, and a call of it
  // neither.
  template <class PageOf>
  [[gnu::always_inline]] uint32_t fetch_ahead(std::size_t at, std::size_t count,
                                              PageOf page_of) const {
    if (at + 2 * kAhead < count)
      __builtin_prefetch(&slots_[slot_of(hash_of(page_of(at + 2 * kAhead)))]);
    if (at + kAhead >= count) return kNone;
    const uint32_t slot = slots_[slot_of(hash_of(page_of(at + kAhead)))];
    if (slot == kNone) return kNone;
    __builtin_prefetch(pages_.data() + id_of(slot) * page_bytes_);
    return id_of(slot);
  }

 private:
  static constexpr std::size_t kSlotsMin = 1 << 10;
  static constexpr std::size_t kSlotsMany = 1 << 20;
  // Pages are read eight bytes at once.
  static constexpr std::size_t kPadding = 8;
  static constexpr uint64_t kAhead = 16;

  // Source: D. Knuth, The Art of Computer Programming, vol. 3, 6.4 (multiplication by the golden
  // ratio); its upper bits are the good ones.
  static uint64_t hash_of(uint64_t page) { return page * 0x9e3779b97f4a7c15; }
  // Bits of the lower half, which the slot does not depend on; what is in the slot has the same.
  uint32_t tag_of(uint64_t hash) const { return static_cast<uint32_t>(hash) & ~id_mask_; }
  uint32_t id_of(uint32_t slot) const { return slot & id_mask_; }
  std::size_t slot_of(uint64_t hash) const { return (hash >> 32) * slots_.size() >> 32; }
  std::size_t next(std::size_t at) const { return at + 1 == slots_.size() ? 0 : at + 1; }

  uint64_t page_at(uint64_t id) const {
    uint64_t page = 0;
    std::memcpy(&page, pages_.data() + id * page_bytes_, sizeof page);
    return page & mask_;
  }

  uint32_t add(uint64_t page, std::size_t slot, uint64_t hash) {
    FL_CHECK(size_ < kPagesMax);
    if (page > mask_) widen(page);
    const auto id = static_cast<uint32_t>(size_++);
    pages_.grow_to(pages_.size() + page_bytes_, 0);
    std::memcpy(pages_.data() + id * page_bytes_, &page, sizeof page);
    slots_[slot] = tag_of(hash) | id;
    // 4 of 5 slots taken at most.
    if (size_ * 5 > slots_.size() * 4) grow();
    return id;
  }
  // Makes room for larger pages, where the others lie: from the last one on, each moves up.
  void widen(uint64_t page) {
    const size_t old_bytes = page_bytes_;
    const uint64_t old_mask = mask_;
    page_bytes_ = (static_cast<size_t>(std::bit_width(page)) + 7) / 8;
    mask_ = ~uint64_t{0} >> (64 - 8 * page_bytes_);
    pages_.grow_to(size_ * page_bytes_ + kPadding, 0);
    for (uint64_t id = size_; id-- > 0;) {
      uint64_t moved = 0;
      std::memcpy(&moved, pages_.data() + id * old_bytes, sizeof moved);
      moved &= old_mask;
      std::memcpy(pages_.data() + id * page_bytes_, &moved, page_bytes_);
    }
  }
  void grow() {
    const std::size_t slots = slots_.size() + slots_.size() / (slots_.size() < kSlotsMany ? 1 : 4);
    // Before there are others.
    slots_ = std::vector<uint32_t>();
    make_slots(slots);
    for (uint64_t id = 0; id < size_; ++id) {
      if (id + kAhead < size_)
        __builtin_prefetch(&slots_[slot_of(hash_of(page_at(id + kAhead)))], 1);
      const uint64_t hash = hash_of(page_at(id));
      std::size_t at = slot_of(hash);
      while (slots_[at] != kNone) at = next(at);
      slots_[at] = tag_of(hash) | static_cast<uint32_t>(id);
    }
  }
  void make_slots(std::size_t slots) {
    slots_.assign(slots, kNone);
    // Not all ones is any number of theirs, so that none looks like kNone.
    id_mask_ = static_cast<uint32_t>(std::bit_ceil(slots) - 1);
  }

  std::size_t page_bytes_ = 4;
  uint64_t mask_ = 0xffffffff;
  uint64_t size_ = 0;
  base::FlatArray<unsigned char> pages_{};  // by number
  std::vector<uint32_t> slots_{};           // the number, and above it the tag
  uint32_t id_mask_ = 0;                    // of the number in a slot
};

}  // namespace faultline::replay
