// CLOCK: pages lie in a circle of frames in the order they came, and the hand is at the oldest. The
// one that comes takes the frame of the one that goes.
//
// Where few runs miss each page has its bits with it, and a hit that changes none writes nothing.
// Where many do the bits are those of frames: the hand passes 64 at once, and comes to no page but
// the one that goes.
//
// Invariants, checked by validate():
//   1. the page of each frame knows its frame, and no other page has one
//   2. where the bits are the frames', no page has any
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/base/check.h"
#include "sim/replay/flat_replacement.h"
#include "sim/replay/replacement_counts.h"

namespace faultline::replay {
namespace {

class FlatClock final : public Replacement {
 public:
  FlatClock(uint64_t frames, Enters enters) : frames_(frames), enters_(enters) {}

  void add(const NumberedRuns& runs) override {
    FL_CHECK(runs.pages <= kPagesMax);
    if (runs.pages > pages_.size()) pages_.resize(runs.pages);
    take_by_parts(runs, [&](size_t begin, size_t end, auto number_of) {
      const uint64_t misses = counts_.misses;
      if (misses_ == Misses::kFew)
        take_few(runs.runs, begin, end, number_of);
      else
        take_many(runs.runs, begin, end, number_of);
      choose(misses_of(counts_.misses - misses, end - begin));
    });
  }

  ReplacementStats stats() const override { return counts_.stats(frames_); }

  void validate() const override {
    uint64_t resident = 0;
    for (const uint32_t page : pages_) resident += page >= kResidentMin ? 1 : 0;
    FL_CHECK(resident == in_frame_.size() && resident <= frames_);  // 1
    for (uint32_t i = 0; i < in_frame_.size(); ++i) {
      const uint32_t page = pages_[in_frame_[i]];
      FL_CHECK(page >> kFrameShift == i + 1);                      // 1
      FL_CHECK(misses_ != Misses::kMany || page == make_page(i));  // 2
    }
  }

 private:
  // Of a page: 0, it never came; kGone; or its frame, and whether it was used and stored to.
  static constexpr uint32_t kGone = 1;
  static constexpr uint32_t kDirty = 1;
  static constexpr uint32_t kUsed = 2;
  static constexpr unsigned kFrameShift = 2;
  static constexpr uint32_t kResidentMin = 1 << kFrameShift;
  static constexpr uint32_t make_page(uint32_t frame) { return (frame + 1) << kFrameShift; }
  static_assert(kPagesMax < uint64_t{1} << (32 - kFrameShift));

  // Of 64 frames, a bit each.
  struct Bits {
    uint64_t used = 0;
    uint64_t dirty = 0;
  };

  template <class NumberOf>
  [[gnu::noinline]] void take_few(std::span<const PageRun> runs, size_t begin, size_t end,
                                  NumberOf number_of) {
    uint32_t* const pages = pages_.data();
    ReplacementCounts counts;
    uint32_t hand = hand_;
    for (size_t i = begin; i < end; ++i) {
      const uint32_t number = number_of(runs[i]);
      const uint64_t count = references_of(runs[i]);
      counts.references += count;
      const uint32_t dirty = is_store(runs[i].kind()) ? kDirty : 0;
      const uint32_t page = pages[number];
      const uint32_t after = page | kUsed | dirty;
      if (page < kResidentMin) [[unlikely]] {
        ++counts.misses;
        counts.cold_misses += page == 0 ? 1 : 0;
        pages[number] =
            make_page(take_frame(number, hand, counts)) | dirty | (enters_used(count) ? kUsed : 0);
      } else if (page != after) {
        pages[number] = after;
      }
    }
    hand_ = hand;
    counts_.add(counts);
  }
  // The next free one, or that of the next page that was not used.
  [[gnu::always_inline]] uint32_t take_frame(uint32_t number, uint32_t& hand,
                                             ReplacementCounts& counts) {
    if (in_frame_.size() < frames_) [[unlikely]] {
      in_frame_.push_back(number);
      return static_cast<uint32_t>(in_frame_.size() - 1);
    }
    uint32_t* const pages = pages_.data();
    uint32_t* const in_frame = in_frame_.data();
    while (true) {
      const uint32_t frame = hand;
      __builtin_prefetch(&pages[in_frame[frame + kAhead < frames_ ? frame + kAhead : 0]], 1);
      hand = next(frame);
      uint32_t& page = pages[in_frame[frame]];
      if ((page & kUsed) != 0) {
        page &= ~kUsed;
        continue;
      }
      counts.dirty_evictions += page & kDirty;
      page = kGone;
      in_frame[frame] = number;
      return frame;
    }
  }
  uint32_t next(uint32_t frame) const { return frame + 1 < frames_ ? frame + 1 : 0; }

  // Once memory is full.
  template <class NumberOf>
  [[gnu::noinline]] void take_many(std::span<const PageRun> runs, size_t begin, size_t end,
                                   NumberOf number_of) {
    uint32_t* const pages = pages_.data();
    Bits* const bits = bits_.data();
    uint32_t* const in_frame = in_frame_.data();
    ReplacementCounts counts;
    uint32_t hand = hand_;
    for (size_t i = begin; i < end; ++i) {
      fetch_page_ahead(pages, runs, i, number_of);
      const SamePageRuns use = take_use(runs, i, end, number_of);
      counts.references += use.references;
      const uint32_t page = pages[use.number];
      if (page >= kResidentMin) {
        const uint32_t frame = (page >> kFrameShift) - 1;
        bits[frame / 64].used |= bit(frame);
        bits[frame / 64].dirty |= uint64_t{use.stores} << frame % 64;
        continue;
      }
      ++counts.misses;
      counts.cold_misses += page == 0 ? 1 : 0;
      const uint32_t frame = find_victim(hand);
      hand = next(frame);
      pages[in_frame[frame]] = kGone;
      in_frame[frame] = use.number;
      pages[use.number] = make_page(frame);
      Bits& word = bits[frame / 64];
      counts.dirty_evictions += word.dirty >> frame % 64 & 1;
      word.dirty = (word.dirty & ~bit(frame)) | uint64_t{use.stores} << frame % 64;
      word.used |= uint64_t{enters_used(use.references)} << frame % 64;
    }
    hand_ = hand;
    counts_.add(counts);
  }

  static constexpr uint32_t kAhead = 16;
  static uint64_t bit(uint64_t frame) { return uint64_t{1} << frame % 64; }
  bool enters_used(uint64_t count) const { return count > 1 || enters_ == Enters::kUsed; }
  // Where the bits are.
  void choose(Misses misses) {
    if (in_frame_.size() < frames_) misses = Misses::kFew;
    // It takes O(frames): so many misses pay for it.
    if (misses == misses_ || counts_.misses - chosen_last_ < frames_ / 8) return;
    chosen_last_ = counts_.misses;
    misses_ = misses;
    bits_.resize(frames_ / 64 + 1);
    for (uint32_t i = 0; i < frames_; ++i) {
      uint32_t& page = pages_[in_frame_[i]];
      Bits& word = bits_[i / 64];
      if (misses_ == Misses::kMany) {
        word.used = (word.used & ~bit(i)) | uint64_t{(page & kUsed) != 0} << i % 64;
        word.dirty = (word.dirty & ~bit(i)) | uint64_t{(page & kDirty) != 0} << i % 64;
        page = make_page(i);
      } else {
        page |= ((word.used & bit(i)) != 0 ? kUsed : 0) | ((word.dirty & bit(i)) != 0 ? kDirty : 0);
      }
    }
  }

  // From the hand's frame on; those that are passed are used no more. REQUIRES: memory is full.
  [[gnu::always_inline]] uint32_t find_victim(uint32_t hand) {
    Bits* const bits = bits_.data();
    while (true) {
      uint64_t& used = bits[hand / 64].used;
      const uint64_t ahead = ~uint64_t{0} << hand % 64;
      const uint64_t unused = ~used & ahead;
      const auto found = hand / 64 * 64 + static_cast<uint64_t>(std::countr_zero(unused));
      // Behind the last frame there is none.
      if (unused != 0 && found < frames_) [[likely]] {
        used &= ~(ahead & (bit(found) - 1));
        return static_cast<uint32_t>(found);
      }
      used &= ~ahead;
      hand = hand / 64 * 64 + 64 < frames_ ? hand / 64 * 64 + 64 : 0;
    }
  }

  const uint64_t frames_;
  const Enters enters_;
  std::vector<uint32_t> pages_{};     // by number
  std::vector<uint32_t> in_frame_{};  // the number of its page, by frame
  std::vector<Bits> bits_{};          // by frame / 64
  uint32_t hand_ = 0;
  Misses misses_ = Misses::kFew;
  uint64_t chosen_last_ = 0;  // misses when the bits were last moved
  ReplacementCounts counts_{};
};

}  // namespace

std::unique_ptr<Replacement> make_flat_clock(uint64_t frames, Enters enters) {
  return std::make_unique<FlatClock>(frames, enters);
}

}  // namespace faultline::replay
