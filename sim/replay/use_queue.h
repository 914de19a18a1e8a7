// UseQueue: the uses of pages, in order, where so many pages come and go that no other way to find
// the least recent is cheaper. Each use has a place, which only grows; a page's time is the place
// of its last one. So the first use in the queue whose place is still its page's time is the last
// one of the page that was not used for longest.
//
// The times are the caller's, who says where they are: time_of(page) is a reference to one.
//
// Units: pages by number. Memory: 4 bytes a use. Not thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/sort_by_position.h"

namespace faultline::replay {

class UseQueue {
 public:
  // A use at its place.
  struct Use {
    uint32_t page = 0;
    uint64_t place = 0;
  };

  // How many uses there had better be room for where each of so many pages has its last use here.
  static size_t room_for(size_t pages) { return std::max(2 * pages, kUsesMin); }

  // Empties it; there is room for `room` uses then, at least, and the next place is `place`.
  void restart(uint64_t place, size_t room) {
    if (ring_.size() < room) ring_.resize(std::bit_ceil(room));
    mask_ = ring_.size() - 1;
    head_ = tail_ = place;
  }
  // The same, and adds a last use of each of `pages`, in the order of their times. O(pages).
  template <class TimeOf>
  void restart(uint64_t place, size_t room, std::span<const uint32_t> pages, TimeOf time_of) {
    struct Timed {
      uint64_t time;
      uint32_t page;
    };
    std::vector<Timed> timed;
    timed.reserve(pages.size());
    for (const uint32_t page : pages) timed.push_back({time_of(page), page});
    std::vector<Timed> scratch;
    base::sort_by_position(timed, scratch, [](const Timed& one) { return one.time; });
    restart(place, room);
    for (const Timed& one : timed) time_of(one.page) = push(one.page, time_of);
  }
  uint64_t next_place() const { return tail_; }

  // Adds a use of `page`, and returns its place, which the caller makes the page's time. Where
  // there is no room older uses are dropped. REQUIRES: last uses take half of the room at most.
  // O(1) amortised.
  template <class TimeOf>
  uint64_t push(uint32_t page, TimeOf time_of) {
    make_room(1, time_of);
    return push_into_room(page);
  }
  // The same in two steps, of which the first can be for many uses. REQUIRES: they take no more
  // than half of kUsesMin.
  template <class TimeOf>
  void make_room(size_t uses, TimeOf time_of) {
    if (tail_ - head_ + uses > mask_ + 1) [[unlikely]]
      drop_older_uses(time_of);
  }
  uint64_t push_into_room(uint32_t page) {
    ring_[tail_ & mask_] = page;
    return tail_++;
  }
  // The least recent page, whose last use is in the queue no more. REQUIRES: there is one.
  template <class TimeOf>
  uint32_t take_least_recent(TimeOf time_of) {
    while (true) {
      const Use use = take_first(time_of);
      if (time_of(use.page) == use.place) return use.page;
    }
  }

  // Calls on_use(use) for each, the oldest first.
  template <class OnUse>
  void for_each(OnUse on_use) const {
    for (uint64_t place = head_; place < tail_; ++place)
      on_use(Use{.page = ring_[place & mask_], .place = place});
  }

 private:
  static constexpr size_t kUsesMin = size_t{1} << 16;
  static constexpr uint64_t kAhead = 16;

  // The oldest use. REQUIRES: there is one.
  template <class TimeOf>
  Use take_first(TimeOf time_of) {
    __builtin_prefetch(&time_of(ring_[(head_ + kAhead) & mask_]), 1);
    const uint64_t place = head_++;
    return {.page = ring_[place & mask_], .place = place};
  }
  // Leaves each page's last use alone; the places of these grow, in the same order.
  template <class TimeOf>
  void drop_older_uses(TimeOf time_of) {
    uint64_t first = tail_;
    for (uint64_t place = tail_; place-- > head_;) {
      __builtin_prefetch(&time_of(ring_[(place - kAhead) & mask_]), 1);
      const uint32_t page = ring_[place & mask_];
      if (time_of(page) != place) continue;
      ring_[--first & mask_] = page;
      time_of(page) = first;
    }
    head_ = first;
  }

  // A ring; as many as a power of two. Whatever is there is the number of a page.
  std::vector<uint32_t> ring_ = std::vector<uint32_t>(1);
  size_t mask_ = 0;
  uint64_t head_ = 0;  // the place of the first
  uint64_t tail_ = 0;
};

}  // namespace faultline::replay
