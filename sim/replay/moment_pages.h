// MomentPages: what is known of pages where a moment of each says whether it is in memory: it is if
// that is some moment, or a later one. The moment is that of the page's last use under LRU and OPT,
// and that at which it came under FIFO; which one is the least, the policy knows.
//
// So a page has no more state than its moment and whether it was stored to since it came, and
// nothing is done when one goes: that is found out when it comes back, or in the end.
//
// Moments are numbered from 1, and anew when the numbers run out, in the same order.
//
// Invariants, checked by validate():
//   1. every page's moment has passed, and no two pages' are the same
//
// Memory: 4 bytes a page, and while they are numbered anew 6 to 12 more. Not thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/replay/place_ranks.h"
#include "sim/replay/replacement.h"
#include "sim/replay/replacement_counts.h"

namespace faultline::replay {

class MomentPages {
 public:
  // A page: its moment above this bit; 0: it never came.
  static constexpr uint32_t kDirty = 1;
  static constexpr uint32_t moment_of(uint32_t page) { return page >> 1; }
  static constexpr uint32_t make(uint32_t moment, uint32_t dirty) { return moment << 1 | dirty; }
  // What is at least this has at least that moment.
  static constexpr uint32_t least_of(uint32_t moment) { return make(moment, 0); }
  static uint32_t dirty_if(PageRun run) { return is_store(run.kind()) ? kDirty : 0; }

  void grow_to(uint64_t pages) {
    FL_CHECK(pages <= Replacement::kPagesMax);
    if (pages > pages_.size()) pages_.resize(pages);
  }
  // By number.
  std::span<uint32_t> pages() { return pages_; }
  std::span<const uint32_t> pages() const { return pages_; }

  // The next moment; the caller's to advance.
  uint32_t now() const { return now_; }
  void set_now(uint32_t now) { now_ = now; }
  // All moments are below, until they are numbered anew.
  uint64_t room() const { return room_; }
  // Whether there is room for so many more.
  bool has_room(size_t moments) const { return now_ + moments <= room_; }

  // Moments are their ranks among those of the pages, and those with a bit in `others`, from now
  // on; 0 stays. O(pages + room()).
  PlaceRanks number_anew(std::span<const uint64_t> others) {
    std::vector<uint64_t> taken = moments();
    for (size_t i = 0; i < others.size(); ++i) taken[i] |= others[i];
    taken[0] |= 1;
    PlaceRanks ranks(std::move(taken));
    for (uint32_t& page : pages_) page = make(ranks.below(moment_of(page)), page & kDirty);
    now_ = static_cast<uint32_t>(ranks.count());
    room_ = std::clamp(std::bit_ceil(kRoomForEach * ranks.count()), kRoomMin, kRoomMax);
    return ranks;
  }

  // With what `counts` does not have of dirty pages that went and did not come back: the pages that
  // are in memory in the end are those of the last moments.
  ReplacementStats stats(const ReplacementCounts& counts, uint64_t frames) const {
    ReplacementStats stats = counts.stats(frames);
    const uint64_t known = counts.cold_misses;
    if (known <= frames) return stats;
    const uint32_t first_left = PlaceRanks(moments()).place_of(known - frames);
    for (const uint32_t page : pages_)
      stats.dirty_evictions += moment_of(page) < first_left ? page & kDirty : 0;
    return stats;
  }

  void validate(const ReplacementCounts& counts) const {
    uint64_t known = 0;
    for (const uint32_t page : pages_) {
      known += page != 0 ? 1 : 0;
      FL_CHECK(moment_of(page) < now_);  // 1
    }
    FL_CHECK(known == counts.cold_misses);
    FL_CHECK(PlaceRanks(moments()).count() == known);  // 1
  }

 private:
  static constexpr uint64_t kRoomMin = uint64_t{1} << 14;
  static constexpr uint64_t kRoomMax = uint64_t{1} << 31;
  // So many times the moments that are kept, if that goes.
  static constexpr uint64_t kRoomForEach = 16;
  static_assert(4 * Replacement::kPagesMax <= kRoomMax);

  // A bit for each.
  std::vector<uint64_t> moments() const {
    std::vector<uint64_t> words(room_ / 64);
    for (const uint32_t page : pages_)
      if (page != 0) words[moment_of(page) / 64] |= uint64_t{1} << moment_of(page) % 64;
    return words;
  }

  std::vector<uint32_t> pages_{};
  uint64_t room_ = kRoomMin;
  uint32_t now_ = 1;
};

}  // namespace faultline::replay
