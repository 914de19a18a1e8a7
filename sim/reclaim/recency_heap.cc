#include "sim/reclaim/recency_heap.h"

#include <algorithm>

#include "sim/base/check.h"

namespace faultline::reclaim {

void RecencyHeap::add(Pfn frame) {
  FL_CHECK(frame != kNoPfn);
  if (frame.value >= entered_.size()) entered_.resize(frame.value + size_t{1}, kNotHeld);
  FL_CHECK(entered_[frame.value] == kNotHeld);
  entered_[frame.value] = ++entries_;
  // Its position is not known before its first reference is done: the heap can wait.
  new_.push_back({0, entries_, frame});
  ++size_;
  drop_stale_entries();
}

void RecencyHeap::remove(Pfn frame) {
  FL_CHECK(frame.value < entered_.size() && entered_[frame.value] != kNotHeld);
  entered_[frame.value] = kNotHeld;  // its entry is stale now
  --size_;
}

Pfn RecencyHeap::take_oldest(FrameView& frames) {
  for (const Entry& entry : new_)
    if (valid(entry)) push({frames.last_reference(entry.frame), entry.entered, entry.frame});
  new_.clear();
  Pfn oldest = kNoPfn;
  while (oldest == kNoPfn && !heap_.empty()) {
    Entry entry = pop();
    if (!valid(entry)) continue;
    const uint64_t position = frames.last_reference(entry.frame);
    if (position != entry.position) {
      entry.position = position;
      push(entry);
    } else if (!frames.evictable(entry.frame)) {
      set_aside_.push_back(entry);
    } else {
      oldest = entry.frame;
    }
  }
  for (const Entry& entry : set_aside_) push(entry);
  set_aside_.clear();
  if (oldest != kNoPfn) remove(oldest);
  return oldest;
}

void RecencyHeap::push(const Entry& entry) {
  heap_.push_back(entry);
  std::push_heap(heap_.begin(), heap_.end(), later);
}

RecencyHeap::Entry RecencyHeap::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Entry entry = heap_.back();
  heap_.pop_back();
  return entry;
}

void RecencyHeap::drop_stale_entries() {
  if (new_.size() + heap_.size() < 2 * size_ + kSlack) return;
  const auto stale = [this](const Entry& entry) { return !valid(entry); };
  std::erase_if(new_, stale);
  std::erase_if(heap_, stale);
  std::make_heap(heap_.begin(), heap_.end(), later);
}

void RecencyHeap::validate() const {
  std::vector<uint8_t> met(entered_.size(), 0);
  for (const std::vector<Entry>* entries : {&new_, &heap_})
    for (const Entry& entry : *entries)
      if (valid(entry))
        FL_CHECK_MSG(met[entry.frame.value]++ == 0, "lru: two entries of frame {}",  // 1
                     entry.frame.value);
  uint64_t held = 0;
  for (size_t i = 0; i < entered_.size(); ++i) {
    if (entered_[i] == kNotHeld) continue;
    FL_CHECK_MSG(met[i] == 1, "lru: frame {} has no entry", i);  // 1
    ++held;
  }
  FL_CHECK(std::is_heap(heap_.begin(), heap_.end(), later));                    // 2
  FL_CHECK_MSG(held == size_, "lru: {} frames held, {} counted", held, size_);  // 3
}

}  // namespace faultline::reclaim
