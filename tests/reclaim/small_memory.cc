#include "tests/reclaim/small_memory.h"

#include <utility>

#include "sim/base/check.h"

namespace faultline::testing {

SmallMemory::SmallMemory(std::unique_ptr<ReplacementPolicy> policy, uint64_t frame_count)
    : policy_(std::move(policy)), frames_(frame_count + 1) {}

bool SmallMemory::reference(uint64_t page) {
  ++position_;
  if (auto found = resident_.find(page); found != resident_.end()) {
    frames_[found->second.value].position = position_;
    frames_[found->second.value].accessed = true;
    return true;
  }
  const Pfn frame = take();
  if (frame == kNoPfn) return false;
  ++misses_;
  resident_[page] = frame;
  frames_[frame.value] = {true, page, position_, policy_->enters_referenced()};
  return true;
}

uint64_t SmallMemory::reference_all(std::string_view pages) {
  const uint64_t before = misses_;
  for (const char page : pages) FL_CHECK(reference(uint64_t(page)));
  return misses_ - before;
}

void SmallMemory::unmap(uint64_t page) {
  const auto found = resident_.find(page);
  if (found == resident_.end()) return;
  policy_->on_remove(found->second);
  frames_[found->second.value] = {};
  resident_.erase(found);
}

Pfn SmallMemory::take_pinned() { return take(); }

Pfn SmallMemory::take() {
  uint32_t free = 1;
  while (free < frames_.size() && frames_[free].taken) ++free;
  if (free == frames_.size()) {
    const Pfn victim = policy_->choose_victim(*this);
    if (victim == kNoPfn) return kNoPfn;
    FL_CHECK(evictable(victim));
    free = victim.value;
    evicted_ += char(frames_[free].page);
    resident_.erase(frames_[free].page);
  }
  frames_[free] = {.taken = true};
  policy_->on_insert(Pfn{free});
  return Pfn{free};
}

std::string SmallMemory::picture() const {
  std::string picture;
  for (size_t i = 1; i < frames_.size(); ++i)
    picture += frames_[i].page == kNoPage ? '.' : char(frames_[i].page);
  return picture;
}

uint64_t SmallMemory::last_reference(Pfn frame) const { return frames_.at(frame.value).position; }

bool SmallMemory::test_and_clear_accessed(Pfn frame) {
  return std::exchange(frames_.at(frame.value).accessed, false);
}

bool SmallMemory::evictable(Pfn frame) const {
  const uint64_t page = frames_.at(frame.value).page;
  return page != kNoPage && !locked_.contains(page);
}

}  // namespace faultline::testing
