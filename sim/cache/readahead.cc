#include "sim/cache/readahead.h"

#include <algorithm>
#include <bit>

#include "sim/base/check.h"

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

// How many pages right before `pgoff` are cached, at most a window of them.
uint64_t cached_before(const Backing& backing, uint64_t pgoff, uint64_t pages_max) {
  uint64_t count = 0;
  while (count < pages_max && count < pgoff && backing.pages().find(pgoff - count - 1) != kNoPfn) {
    ++count;
  }
  return count;
}

}  // namespace

void Readahead::advise(Advice advice) {
  random_ = advice == Advice::kRandom;
  if (advice == Advice::kNormal) pages_max_ = kReadaheadPagesMax;
  if (advice == Advice::kSequential) pages_max_ = 2 * kReadaheadPagesMax;
}

// Source: Linux mm/readahead.c page_cache_ra_order(), ra_alloc_folio().
PgoffRange Readahead::window(const Backing& backing) {
  marked_ =
      async_size_ != 0 && mark() < backing.page_count() && backing.pages().find(mark()) == kNoPfn;
  return clip(backing, {start_, size_});
}

PgoffRange Readahead::next_window(const Backing& backing) {
  start_ += size_;
  size_ = next_size(size_, pages_max_);
  async_size_ = size_;
  return window(backing);
}

PgoffRange Readahead::plan_fault_miss(const Backing& backing, uint64_t pgoff, Advice advice) {
  if (advice == Advice::kRandom) return clip(backing, {pgoff, 1});
  if (advice == Advice::kSequential) return plan_read_miss(backing, {pgoff, pages_max_});
  if (note_mmap_miss()) return clip(backing, {pgoff, 1});
  start_ = pgoff > pages_max_ / 2 ? pgoff - pages_max_ / 2 : 0;
  size_ = pages_max_;
  async_size_ = pages_max_ / 4;
  return window(backing);
}

PgoffRange Readahead::plan_code_miss(const Backing& backing, PgoffRange wanted) {
  if (note_mmap_miss()) return clip(backing, {wanted.first, 1});
  start_ = wanted.first;
  size_ = std::min(wanted.count, pages_max_);
  async_size_ = 0;
  return window(backing);
}

bool Readahead::note_mmap_miss() {
  if (mmap_misses_ < kMmapLotsOfMisses * 10) ++mmap_misses_;
  return mmap_misses_ > kMmapLotsOfMisses;
}

PgoffRange Readahead::plan_fault_hit(const Backing& backing, uint64_t pgoff, Advice advice) {
  if (advice == Advice::kRandom) return {pgoff, 0};
  if (mmap_misses_ > 0) --mmap_misses_;
  return plan_read_hit(backing, {pgoff, pages_max_});
}

PgoffRange Readahead::plan_read_miss(const Backing& backing, PgoffRange wanted) {
  FL_CHECK(wanted.count > 0);
  const uint64_t index = wanted.first;
  if (random_) return clip(backing, wanted);
  const uint64_t wanted_count = std::min(wanted.count, backing.page_count());
  // Wraps for a file never read, whose previous position is -1, as Linux's does.
  const auto previous = static_cast<uint64_t>(static_cast<int64_t>(previous_bytes_) >>
                                              backing.file().page_size().shift);
  if (index == 0 || wanted_count > pages_max_ || index - previous <= 1) {
    start_ = index;
    size_ = first_size(wanted_count, pages_max_);
    async_size_ = size_ > wanted_count ? size_ - wanted_count : size_ >> 1;
    return window(backing);
  }
  uint64_t before = cached_before(backing, index, pages_max_);
  // A small read at random: as it is, and no state is kept.
  if (before <= wanted_count) return clip(backing, {index, wanted_count});
  // Cached from the start of the file: a long stream.
  if (before == index) before *= 2;
  start_ = index;
  size_ = std::min(before + wanted_count, pages_max_);
  async_size_ = 1;
  return window(backing);
}

PgoffRange Readahead::plan_read_hit(const Backing& backing, PgoffRange wanted) {
  // No window yet, or not its mark.
  if (!is_mark(wanted.first)) return {wanted.first, 0};
  return next_window(backing);
}

}  // namespace faultline::cache
