// StackDistances: how deep in an LRU stack each reference of a string finds its page, for one pass
// over the string; from that the misses of LRU in memory of every size follow.
//
// The distance of a reference is the number of distinct pages referenced since the last reference
// to its page, that page included: 1 for a page that is referenced twice in a row. LRU in memory of
// n frames misses the first reference to each page, and those with a distance above n.
// Source: R. Mattson, J. Gecsei, D. Slutz, I. Traiger, Evaluation techniques for storage
// hierarchies, IBM Systems Journal 9(2), 1970.
//
// The top of the stack, where most references find their pages, is a list of kFront pages in
// registers of the processor; below it a page has a marked position, and its depth is counted
// in RecencyMarks. Positions are handed out in order, and when none is left the marked ones move
// together.
//
// Units: pages are dense numbers, from 0. Memory: 7.2 bytes a page at most, 100 KB, and 4 bytes for
// each 65,536 references at a distance.
// A plain value, as copyable as costly to copy. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/flat_array.h"
#include "sim/replay/recency_marks.h"

namespace faultline::replay {

// The code for processors with AVX-512, for those with AVX2, and for all; the same distances.
enum class StackKernel : uint8_t { kPortable, kAvx2, kAvx512 };
// The fastest that this processor can run.
StackKernel choose_stack_kernel();
bool can_run(StackKernel kernel);

class StackDistances {
 public:
  static constexpr uint32_t kFront = 16;
  static constexpr uint64_t kPagesMax = uint64_t{1} << 30;

  // REQUIRES: can_run(kernel).
  explicit StackDistances(StackKernel kernel = choose_stack_kernel());

  // Pages are below `count` from now on. REQUIRES: count <= kPagesMax.
  void grow_to(uint64_t count);
  uint64_t pages() const { return last_.size(); }

  // References `pages`, one after the other. REQUIRES: each is below pages().
  void add(std::span<const uint32_t> pages) { add_(*this, pages); }
  // References one; its distance, or 0 for a page that is not in the stack.
  uint64_t add_one(uint32_t page);
  // Takes a page out of the stack, as if it had never been referenced.
  void remove(uint32_t page);

  // References to pages that were not in the stack.
  uint64_t cold() const { return cold_; }
  // References by distance; what is behind the end was not seen. [0] is 0.
  std::vector<uint64_t> counts() const;
  // The same without a copy of all: calls take(distance, references) for each that was seen, from
  // the smallest on.
  template <class Take>
  void for_each_count(Take take) const;

 private:
  friend struct StackKernels;
  using Adder = void (*)(StackDistances&, std::span<const uint32_t>);
  static constexpr uint32_t kNobody = ~uint32_t{0};  // a place of the front without a page
  // Instead of a position: not in the stack, or in the front.
  static constexpr uint32_t kNever = ~uint32_t{0};
  static constexpr uint32_t kInFront = kNever - 1;

  static Adder adder(StackKernel kernel);
  // `page`, which the front did not hold, has come to its head and pushed `pushed` out of its end.
  // Returns the distance, 0 for a page that was not in the stack.
  uint64_t bring_to_front(uint32_t page, uint32_t pushed);
  // pages[at], with what one of the next will need on its way to the cache.
  uint32_t fetch_ahead(std::span<const uint32_t> pages, size_t at) const;
  // Counts a distance that is new, or whose counter has come round to 0.
  void count_rare(uint64_t distance);
  void make_room();

  Adder add_;
  alignas(64) std::array<uint32_t, kFront> front_;  // the top of the stack first
  std::array<uint64_t, kFront> front_counts_{};     // references by place in the front
  uint64_t filled_ = 0;               // places of the front that have a page: the first ones
  RecencyMarks marks_;                // the pages below the front
  uint64_t marked_ = 0;               // how many
  uint64_t next_ = 0;                 // the next position to hand out
  uint64_t end_ = 0;                  // where there are none left
  base::FlatArray<uint32_t> last_;    // by page: its position
  base::FlatArray<uint16_t> counts_;  // by distance, of references below the front
  std::vector<uint32_t> overflows_;   // a distance for each 2^16 of them
  uint64_t cold_ = 0;
};

template <class Take>
void StackDistances::for_each_count(Take take) const {
  std::vector<uint32_t> overflows = overflows_;
  std::sort(overflows.begin(), overflows.end());
  auto overflow = overflows.begin();
  const size_t end = std::max<size_t>(counts_.size(), kFront + 1);
  for (size_t distance = 1; distance < end; ++distance) {
    uint64_t count = distance < counts_.size() ? counts_[distance] : 0;
    if (distance <= kFront) count += front_counts_[distance - 1];
    for (; overflow != overflows.end() && *overflow == distance; ++overflow)
      count += uint64_t{1} << 16;
    if (count > 0) take(distance, count);
  }
}

}  // namespace faultline::replay
