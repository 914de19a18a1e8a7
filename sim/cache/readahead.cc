#include "sim/cache/readahead.h"

#include <algorithm>
#include <bit>

#include "sim/base/align.h"
#include "sim/base/check.h"
#include "sim/cache/folio.h"
#include "sim/cache/page_scan.h"

namespace faultline::cache {
namespace {

constexpr uint64_t kMmapLotsOfMisses = 100;  // Linux MMAP_LOTSAMISS

// Linux get_init_ra_size().
uint64_t first_size(uint64_t wanted, uint64_t pages_max) {
  const uint64_t size = std::bit_ceil(wanted);
  if (size <= pages_max / 32) return size * 4;
  if (size <= pages_max / 4) return size * 2;
  return pages_max;
}

// Linux get_next_ra_size().
uint64_t next_size(uint64_t size, uint64_t pages_max) {
  if (size < pages_max / 16) return size * 4;
  if (size <= pages_max / 2) return size * 2;
  return pages_max;
}

PgoffRange clip(const Backing& backing, PgoffRange range) {
  const uint64_t end = std::min(range.end(), backing.page_count());
  return {range.first, end > range.first ? end - range.first : 0};
}

}  // namespace

void Readahead::advise(Advice advice) {
  random_ = advice == Advice::kRandom;
  if (advice != Advice::kRandom) doubled_ = advice == Advice::kSequential;
}

uint64_t Readahead::pages_max(const Backing& backing) const {
  return backing.readahead_pages() << (doubled_ ? 1 : 0);
}

uint64_t Readahead::window_max(const Backing& backing, uint64_t count) const {
  const uint64_t usual = pages_max(backing);
  return count > usual ? std::max(usual, std::min(count, kRequestPagesMax)) : usual;
}

uint64_t Readahead::asked_max(const Backing& backing) const {
  return std::max(pages_max(backing), kRequestPagesMax);
}

ReadPlan Readahead::window(const Backing& backing, uint64_t first) {
  const auto order_of_size = static_cast<uint8_t>(std::bit_width(size_) - 1);
  order_ = std::min({order_, kFolioOrderMax, order_of_size});
  return {.pages = clip(backing, {first, size_}),
          .order = order_,
          .mark = first + size_ - async_size_,
          .mark_before_end = async_size_};
}

ReadPlan Readahead::plan_fault_miss(const Backing& backing, uint64_t pgoff, Advice advice) {
  if (advice == Advice::kHuge || advice == Advice::kHugeRandom) {
    // The start of the last window stays as it was.
    async_size_ = uint64_t{1} << kFolioOrderMax;
    size_ = advice == Advice::kHuge ? 2 * async_size_ : async_size_;
    order_ = kFolioOrderMax;
    return window(backing, base::align_down(pgoff, async_size_));
  }
  if (advice == Advice::kRandom) return {clip(backing, {pgoff, 1})};
  const uint64_t pages = pages_max(backing);
  if (advice == Advice::kSequential) return plan_read_miss(backing, {pgoff, pages});
  if (note_mmap_miss()) return {clip(backing, {pgoff, 1})};
  start_ = pgoff > pages / 2 ? pgoff - pages / 2 : 0;
  size_ = pages;
  async_size_ = pages / 4;
  order_ = 0;
  return window(backing, start_);
}

ReadPlan Readahead::plan_code_miss(const Backing& backing, PgoffRange wanted) {
  if (note_mmap_miss()) return {clip(backing, {wanted.first, 1})};
  start_ = wanted.first;
  size_ = std::min(wanted.count, pages_max(backing));
  async_size_ = 0;
  order_ = 0;
  return window(backing, start_);
}

bool Readahead::note_mmap_miss() {
  if (mmap_misses_ < kMmapLotsOfMisses * 10) ++mmap_misses_;
  return mmap_misses_ > kMmapLotsOfMisses;
}

void Readahead::note_fault_hit(Advice advice) {
  if (advice == Advice::kRandom || advice == Advice::kHugeRandom) return;
  if (mmap_misses_ > 0) --mmap_misses_;
}

ReadPlan Readahead::plan_read_miss(const Backing& backing, PgoffRange wanted) {
  FL_CHECK(wanted.count > 0);
  const uint64_t index = wanted.first;
  if (random_) return {clip(backing, {index, std::min(wanted.count, asked_max(backing))})};
  const uint64_t pages_max = window_max(backing, wanted.count);
  // Wraps for a file never read, whose previous position is -1, as Linux's does.
  const auto previous = static_cast<uint64_t>(static_cast<int64_t>(previous_bytes_) >>
                                              backing.file().page_size().shift);
  if (index == 0 || wanted.count > pages_max || index - previous <= 1) {
    size_ = first_size(wanted.count, pages_max);
    async_size_ = size_ > wanted.count ? size_ - wanted.count : size_ >> 1;
  } else {
    uint64_t before = index - previous_miss(backing, index - 1, pages_max) - 1;
    // A small read at random: as it is, and no state is kept.
    if (before <= wanted.count) return {clip(backing, wanted)};
    // Cached from the start of the file: a long stream.
    if (before == index) before *= 2;
    size_ = std::min(before + wanted.count, pages_max);
    async_size_ = 1;
  }
  start_ = index;
  order_ = 0;
  return window(backing, start_);
}

ReadPlan Readahead::plan_next(const Backing& backing, PgoffRange folio, PgoffRange wanted) {
  const uint64_t pages_max = window_max(backing, wanted.count);
  if (wanted.first == base::align_down(start_ + size_ - async_size_, folio.count)) {
    start_ += size_;
    size_ = std::max(size_, next_size(size_, pages_max));
  } else {
    const uint64_t next = next_miss(backing, wanted.first + 1, pages_max);
    if (next - wanted.first > pages_max) return {};
    start_ = next;
    size_ = next_size(next - wanted.first + wanted.count, pages_max);
  }
  // Larger folios each time, and a window that ends with one.
  order_ = static_cast<uint8_t>(order_ + 2);
  const int largest = std::countr_zero(pages_max);
  const uint64_t end =
      base::align_down(start_ + size_, uint64_t{1} << std::min<int>(order_, largest));
  if (end > start_) size_ = end - start_;
  async_size_ = size_;
  return window(backing, start_);
}

}  // namespace faultline::cache
