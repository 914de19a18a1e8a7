#include "tests/reclaim/small_memory.h"

#include <utility>

#include "sim/base/check.h"

namespace faultline::testing {

SmallMemory::SmallMemory(std::unique_ptr<ReplacementPolicy> policy, uint64_t frame_count, Told how)
    : policy_(std::move(policy)), how_(how), frames_(frame_count + 1) {}

bool SmallMemory::reference(uint64_t page) {
  if (auto found = resident_.find(page); found != resident_.end()) {
    const Pfn frame = found->second;
    frames_[frame.value].position = ++position_;
    frames_[frame.value].accessed = true;
    tell({.position = position_, .frame = frame, .hits = 1});
    return true;
  }
  const Pfn frame = take(PageId{static_cast<uint32_t>(page)});
  if (frame == kNoPfn) return false;
  ++misses_;
  resident_[page] = frame;
  frames_[frame.value] = {true, page, ++position_, policy_->enters_referenced()};
  tell({.position = position_, .frame = frame, .brought_in = 1});
  return true;
}

void SmallMemory::tell(Reference reference) {
  if (policy_->sees() == PolicySees::kEveryReference) {
    const bool joined = how_ == Told::kJoined && !told_.empty() && reference.brought_in == 0 &&
                        told_.back().frame == reference.frame;
    if (joined) {
      ++told_.back().hits;
    } else {
      told_.push_back(reference);
    }
    // In parts of all lengths.
    if (how_ == Told::kOneByOne && told_.size() > position_ % 5) hand_over();
  }
  if (policy_->tick_references() == 0 || position_ % policy_->tick_references() != 0) return;
  hand_over();
  policy_->on_tick(*this);
  give_up_early();
}

void SmallMemory::hand_over() {
  if (!told_.empty()) policy_->on_references(told_);
  told_.clear();
}

void SmallMemory::give_up_early() {
  if (!policy_->gives_up_early()) return;
  while (true) {
    const Pfn victim = policy_->choose_early(*this);
    if (victim == kNoPfn) return;
    free(victim);
  }
}

uint64_t SmallMemory::reference_all(std::string_view pages) {
  const uint64_t before = misses_;
  for (const char page : pages) FL_CHECK(reference(uint64_t(page)));
  return misses_ - before;
}

void SmallMemory::unmap(uint64_t page) {
  const auto found = resident_.find(page);
  if (found == resident_.end()) return;
  hand_over();
  policy_->on_remove(found->second);
  frames_[found->second.value] = {};
  resident_.erase(found);
}

Pfn SmallMemory::take_pinned() { return take(PageId{1000}); }

void SmallMemory::free(Pfn victim) {
  FL_CHECK(evictable(victim));
  evicted_ += char(frames_[victim.value].page);
  resident_.erase(frames_[victim.value].page);
  frames_[victim.value] = {};
}

Pfn SmallMemory::take(PageId page) {
  hand_over();
  give_up_early();
  uint32_t frame = 1;
  while (frame < frames_.size() && frames_[frame].taken) ++frame;
  if (frame == frames_.size()) {
    const Pfn victim = policy_->choose_victim(*this, page);
    if (victim == kNoPfn) return kNoPfn;
    free(victim);
    frame = victim.value;
  }
  frames_[frame] = {.taken = true};
  policy_->on_insert(Pfn{frame}, page);
  return Pfn{frame};
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
