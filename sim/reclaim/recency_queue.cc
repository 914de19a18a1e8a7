#include "sim/reclaim/recency_queue.h"

#include <algorithm>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/sort_by_position.h"

namespace faultline::reclaim {
namespace {

// How many victims ahead one is announced: what is known of it is far from the processor.
constexpr size_t kAhead = 8;

}  // namespace

void RecencyQueue::put(size_t place, Pfn frame) {
  entries_[place] = frame;
  places_[frame.value] = static_cast<uint32_t>(place);
}

void RecencyQueue::add(Pfn frame) {
  FL_CHECK(frame != kNoPfn);
  if (frame.value >= places_.size()) places_.resize(frame.value + size_t{1}, kNotHeld);
  FL_CHECK(places_[frame.value] == kNotHeld);
  if (entries_.size() >= 2 * size_ + kSlack) drop_empty_entries();
  // Its position is not known before its first reference is done, and is later than any ordered.
  entries_.push_back(frame);
  put(entries_.size() - 1, frame);
  ++size_;
}

void RecencyQueue::remove(Pfn frame) {
  FL_CHECK(frame.value < places_.size() && places_[frame.value] != kNotHeld);
  entries_[places_[frame.value]] = kNoPfn;
  places_[frame.value] = kNotHeld;
  --size_;
}

Pfn RecencyQueue::take_oldest(FrameView& frames) {
  if (next_ + kAhead < sorted_ && entries_[next_ + kAhead] != kNoPfn)
    frames.fetch_ahead(entries_[next_ + kAhead]);
  Pfn oldest = take_ordered(frames);
  if (oldest == kNoPfn && (kept_ > 0 || sorted_ < entries_.size())) {
    put_in_order(frames);
    oldest = take_ordered(frames);
  }
  put_back_passed();
  return oldest;
}

// The first of the ordered frames that has not been referenced since and may go.
Pfn RecencyQueue::take_ordered(FrameView& frames) {
  while (next_ < sorted_) {
    const Pfn frame = entries_[next_];
    if (frame == kNoPfn) {
      ++next_;
      continue;
    }
    const bool referenced = frames.last_reference(frame) > newest_;
    if (!referenced && frames.evictable(frame)) {
      remove(frame);
      ++next_;
      return frame;
    }
    entries_[next_++] = kNoPfn;
    if (referenced)
      put(kept_++, frame);
    else
      passed_.push_back(frame);
  }
  return kNoPfn;
}

// What could not go is older than all that are left: each has left an entry empty before them.
void RecencyQueue::put_back_passed() {
  for (; !passed_.empty(); passed_.pop_back()) put(--next_, passed_.back());
}

// Called when the ordered ones are used up, but for those passed over, which stay the oldest.
void RecencyQueue::put_in_order(FrameView& frames) {
  struct Dated {
    uint64_t position;
    Pfn frame;
  };
  std::vector<Dated> dated;
  dated.reserve(size_ - passed_.size());
  const auto add_part = [&](size_t first, size_t end) {
    for (size_t i = first; i < end; ++i) {
      if (i + kAhead < end && entries_[i + kAhead] != kNoPfn)
        frames.fetch_ahead(entries_[i + kAhead]);
      const Pfn frame = entries_[i];
      if (frame != kNoPfn) dated.push_back({frames.last_reference(frame), frame});
    }
  };
  add_part(0, kept_);
  add_part(sorted_, entries_.size());
  std::vector<Dated> scratch;
  // Those of the same position stay in the order they were added.
  base::sort_by_position(dated, scratch, [](const Dated& one) { return one.position; });

  entries_.resize(size_);
  kept_ = 0;
  next_ = passed_.size();
  sorted_ = entries_.size();
  put_back_passed();
  for (size_t i = 0; i < dated.size(); ++i) put(sorted_ - dated.size() + i, dated[i].frame);
  if (!dated.empty()) newest_ = std::max(newest_, dated.back().position);
}

void RecencyQueue::drop_empty_entries() {
  size_t size = 0;
  const auto keep_part = [&](size_t first, size_t end) {
    for (size_t i = first; i < end; ++i)
      if (entries_[i] != kNoPfn) put(size++, entries_[i]);
    return size;
  };
  const size_t kept = keep_part(0, kept_);
  const size_t sorted = keep_part(next_, sorted_);
  keep_part(sorted_, entries_.size());
  entries_.resize(size);
  kept_ = next_ = kept;
  sorted_ = sorted;
}

void RecencyQueue::validate() const {
  FL_CHECK_MSG(kept_ <= next_ && next_ <= sorted_ && sorted_ <= entries_.size(),  // 2
               "lru: parts at {}, {} and {} of {}", kept_, next_, sorted_, entries_.size());
  uint64_t full = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i] == kNoPfn) continue;
    ++full;
    FL_CHECK_MSG(i < kept_ || i >= next_, "lru: an entry where nothing is");  // 2
    FL_CHECK_MSG(entries_[i].value < places_.size() && places_[entries_[i].value] == i,
                 "lru: two entries of frame {}", entries_[i].value);  // 1
  }
  uint64_t held = 0;
  for (size_t i = 0; i < places_.size(); ++i) {
    if (places_[i] == kNotHeld) continue;
    ++held;
    FL_CHECK_MSG(places_[i] < entries_.size() && entries_[places_[i]] == Pfn{uint32_t(i)},  // 1
                 "lru: frame {} has no entry", i);
  }
  FL_CHECK(full == held);                                                       // 1
  FL_CHECK_MSG(held == size_, "lru: {} frames held, {} counted", held, size_);  // 3
}

}  // namespace faultline::reclaim
