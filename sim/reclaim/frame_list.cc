#include "sim/reclaim/frame_list.h"

#include "sim/base/check.h"

namespace faultline::reclaim {

bool FrameList::holds(Pfn frame) const {
  return frame.value < links_.size() && links_[frame.value].previous != frame;
}

Pfn FrameList::next(Pfn frame) const {
  FL_CHECK(holds(frame));
  return links_[frame.value].next;
}

void FrameList::push_back(Pfn frame) {
  FL_CHECK(frame != kNoPfn);
  FL_CHECK(!holds(frame));
  while (links_.size() <= frame.value) links_.push_back({Pfn{uint32_t(links_.size())}, kNoPfn});
  links_[frame.value] = {last_, kNoPfn};
  if (last_ == kNoPfn) {
    first_ = frame;
  } else {
    links_[last_.value].next = frame;
  }
  last_ = frame;
  ++size_;
}

void FrameList::remove(Pfn frame) {
  FL_CHECK(holds(frame));
  const Links links = links_[frame.value];
  links_[frame.value] = {frame, kNoPfn};
  (links.previous == kNoPfn ? first_ : links_[links.previous.value].next) = links.next;
  (links.next == kNoPfn ? last_ : links_[links.next.value].previous) = links.previous;
  --size_;
}

void FrameList::validate() const {
  uint64_t met = 0;
  Pfn previous = kNoPfn;
  for (Pfn frame = first_; frame != kNoPfn; frame = links_[frame.value].next) {
    FL_CHECK_MSG(++met <= size_, "frame list: more than {} frames, or a loop", size_);
    FL_CHECK_MSG(holds(frame), "frame list: frame {} is listed and not held", frame.value);
    FL_CHECK_MSG(links_[frame.value].previous == previous,
                 "frame list: the frame before {} is not its previous", frame.value);
    previous = frame;
  }
  FL_CHECK_MSG(last_ == previous, "frame list: the last frame met is not the last");
  FL_CHECK_MSG(met == size_, "frame list: met {} of {} frames", met, size_);
  uint64_t held = 0;
  for (uint32_t i = 0; i < links_.size(); ++i) held += holds(Pfn{i}) ? 1 : 0;
  FL_CHECK_MSG(held == size_, "frame list: {} frames marked as held, {} listed", held, size_);
}

}  // namespace faultline::reclaim
