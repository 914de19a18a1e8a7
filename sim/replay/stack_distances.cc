#include "sim/replay/stack_distances.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/four_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace faultline::replay {
namespace {

// Marked positions move together when this many times their number have been handed out.
constexpr uint64_t kSpread = 4;
constexpr size_t kAhead = 8;

}  // namespace

StackDistances::StackDistances(StackKernel kernel) : add_(adder(kernel)) {
  front_.fill(kNobody);
  marks_.reset(RecencyMarks::kPositionsMin);
  end_ = RecencyMarks::kPositionsMin;
}

void StackDistances::grow_to(uint64_t count) {
  FL_CHECK(count <= kPagesMax);
  if (count > last_.size()) last_.grow_to(count, kNever);
}

std::vector<uint64_t> StackDistances::counts() const {
  std::vector<uint64_t> counts(1, 0);
  for_each_count([&counts](size_t distance, uint64_t count) {
    counts.resize(distance + 1, 0);
    counts[distance] = count;
  });
  return counts;
}

// Puts the marked positions at the beginning, in the order they had.
void StackDistances::make_room() {
  {
    const RecencyMarks::Ranks ranks(marks_);
    for (uint32_t& position : last_)
      if (position < kInFront) position = ranks[position];
  }
  const uint64_t positions = std::bit_ceil(kSpread * marked_);
  marks_.reset(std::max(positions, RecencyMarks::kPositionsMin));
  end_ = std::min<uint64_t>(marks_.positions(), kInFront);  // which is no position
  for (next_ = 0; next_ < marked_; ++next_) marks_.set(next_);
}

void StackDistances::count_rare(uint64_t distance) {
  if (distance >= counts_.size()) {
    counts_.grow_to(distance + 1, 0);
    counts_[distance] = 1;
  } else {
    overflows_.push_back(static_cast<uint32_t>(distance));
  }
}

[[gnu::always_inline]] inline uint32_t StackDistances::fetch_ahead(std::span<const uint32_t> pages,
                                                                   size_t at) const {
  __builtin_prefetch(last_.data() + pages[std::min(at + kAhead, pages.size() - 1)]);
  return pages[at];
}

[[gnu::always_inline]] inline uint64_t StackDistances::bring_to_front(uint32_t page,
                                                                      uint32_t pushed) {
  const uint32_t position = std::exchange(last_[page], kInFront);
  uint64_t distance = 0;
  if (position == kNever) {
    ++cold_;
  } else {
    distance = filled_ + marks_.above(position) + 1;
    marks_.clear(position);
    --marked_;
    if (distance >= counts_.size() || ++counts_[distance] == 0) count_rare(distance);
  }
  if (pushed == kNobody) {
    ++filled_;
    return distance;
  }
  if (next_ == end_) make_room();
  last_[pushed] = static_cast<uint32_t>(next_);
  marks_.set(next_++);
  ++marked_;
  return distance;
}

uint64_t StackDistances::add_one(uint32_t page) {
  const auto found = std::find(front_.begin(), front_.end(), page);
  if (found != front_.end()) {
    const auto place = static_cast<size_t>(found - front_.begin());
    std::rotate(front_.begin(), found, found + 1);
    ++front_counts_[place];
    return place + 1;
  }
  std::rotate(front_.begin(), front_.end() - 1, front_.end());
  const uint32_t pushed = std::exchange(front_[0], page);
  return bring_to_front(page, pushed);
}

void StackDistances::remove(uint32_t page) {
  const auto found = std::find(front_.begin(), front_.end(), page);
  if (found != front_.end()) {
    std::rotate(found, found + 1, front_.end());
    front_.back() = kNobody;
    --filled_;
  } else if (last_[page] != kNever) {
    marks_.clear(last_[page]);
    --marked_;
  }
  last_[page] = kNever;
}

// One loop for each kind of processor: the front stays in registers as long as pages are found in
// it. A page found at place d moves to place 0, and those before it one place down; a page that is
// not found moves all of them, and the last one out.
struct StackKernels {
  [[gnu::always_inline]] static void add_all(StackDistances& stack,
                                             std::span<const uint32_t> pages) {
    // Most pages are found in the first places, which ones can be foretold; all others are searched
    // and moved at once.
    constexpr size_t kHead = 4;
    static_assert(StackDistances::kFront == kHead + 12);
    uint32_t* const first = stack.front_.data();
    std::array<uint32_t, kHead> head;
    std::copy_n(first, kHead, head.begin());
    Four rest[3] = {base::load_four(first + 4), base::load_four(first + 8),
                    base::load_four(first + 12)};
    for (size_t i = 0; i < pages.size(); ++i) {
      const uint32_t page = stack.fetch_ahead(pages, i);
      uint32_t carried = page;
      size_t place = 0;
      for (; place < kHead; ++place) {
        std::swap(carried, head[place]);
        if (carried == page) break;
      }
      if (place < kHead) {
        ++stack.front_counts_[place];
        continue;
      }
      const uint32_t last = rest[2][3];
      const unsigned found = move_down(rest, page, carried);
      if (found != 0)
        ++stack.front_counts_[kHead + static_cast<size_t>(std::countr_zero(found))];
      else
        stack.bring_to_front(page, last);
    }
    std::ranges::copy(head, first);
    std::memcpy(first + kHead, rest, sizeof rest);
  }

  using Four = base::Four;
  // Puts `carried` first, and what comes before `page` one place further, or all where it is not
  // found. A bit for the place where it is.
  [[gnu::always_inline]] static unsigned move_down(Four (&places)[3], uint32_t page,
                                                   uint32_t carried) {
    using Places __attribute__((vector_size(16))) = int32_t;
    const Four wanted = base::four_of(page);
    const unsigned found = base::bits_of(Four(places[0] == wanted), Four(places[1] == wanted),
                                         Four(places[2] == wanted));
    const Four before = base::four_of(carried);
    const Four down[3] = {__builtin_shufflevector(before, places[0], 3, 4, 5, 6),
                          __builtin_shufflevector(places[0], places[1], 3, 4, 5, 6),
                          __builtin_shufflevector(places[1], places[2], 3, 4, 5, 6)};
    const int last = std::countr_zero(found | 1u << 12);
    const Places lasts = {last, last, last, last};
    places[0] = Places{0, 1, 2, 3} > lasts ? places[0] : down[0];
    places[1] = Places{4, 5, 6, 7} > lasts ? places[1] : down[1];
    places[2] = Places{8, 9, 10, 11} > lasts ? places[2] : down[2];
    return found;
  }

  static void portable(StackDistances& stack, std::span<const uint32_t> pages) {
    add_all(stack, pages);
  }

#if defined(__x86_64__)
#define FL_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define FL_AVX512 __attribute__((target("avx512f,avx2,bmi,bmi2,lzcnt,popcnt")))

  FL_AVX2 static void avx2(StackDistances& stack, std::span<const uint32_t> pages) {
    add_all(stack, pages);
  }

  FL_AVX512 static void avx512(StackDistances& stack, std::span<const uint32_t> pages) {
    __m512i front = _mm512_load_si512(stack.front_.data());
    for (size_t i = 0; i < pages.size(); ++i) {
      const uint32_t page = stack.fetch_ahead(pages, i);
      const __m512i wanted = _mm512_set1_epi32(static_cast<int>(page));
      const unsigned found = _mm512_cmpeq_epi32_mask(front, wanted);
      // All of it one place down, the last page at place 0. (g++ warns of the intrinsic without a
      // mask.)
      const __m512i down =
          _mm512_maskz_alignr_epi32(0xffff, front, front, StackDistances::kFront - 1);
      // Up to where it was found, or all.
      const auto moved = static_cast<__mmask16>(found ^ (found - 1));
      front = _mm512_mask_mov_epi32(front, moved, _mm512_mask_mov_epi32(down, 1, wanted));
      if (found != 0) [[likely]] {
        ++stack.front_counts_[static_cast<size_t>(std::countr_zero(found))];
      } else {
        stack.bring_to_front(page, static_cast<uint32_t>(_mm512_cvtsi512_si32(down)));
      }
    }
    _mm512_store_si512(stack.front_.data(), front);
  }

#undef FL_AVX2
#undef FL_AVX512
#endif
};

#if defined(__x86_64__)

bool can_run(StackKernel kernel) {
  switch (kernel) {
    case StackKernel::kPortable:
      return true;
    case StackKernel::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
             __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    case StackKernel::kAvx512:
      return can_run(StackKernel::kAvx2) && __builtin_cpu_supports("avx512f");
  }
  return false;
}

StackDistances::Adder StackDistances::adder(StackKernel kernel) {
  FL_CHECK(can_run(kernel));
  if (kernel == StackKernel::kAvx512) return StackKernels::avx512;
  if (kernel == StackKernel::kAvx2) return StackKernels::avx2;
  return StackKernels::portable;
}

#else

bool can_run(StackKernel kernel) { return kernel == StackKernel::kPortable; }

StackDistances::Adder StackDistances::adder(StackKernel kernel) {
  FL_CHECK(can_run(kernel));
  return StackKernels::portable;
}

#endif

StackKernel choose_stack_kernel() {
  for (const StackKernel kernel : {StackKernel::kAvx512, StackKernel::kAvx2})
    if (can_run(kernel)) return kernel;
  return StackKernel::kPortable;
}

}  // namespace faultline::replay
