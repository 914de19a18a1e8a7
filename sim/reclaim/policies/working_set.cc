// Working set: a page belongs to the working set if it was used within the last `window`
// references, and is given up when it does not, though memory may not be full. Where memory is full
// the page goes whose use is longest ago.
//
// What is known of uses are accessed bits, which are looked at every `tick` references: a page
// found used counts as used then. A page that is about to go is looked at once more. So resident
// pages may be fewer than --memory has room for, and are never more.
// Source: Denning, "The working set model for program behavior", CACM 11(5), 1968; sampled as in
// Tanenbaum, Modern Operating Systems, "The working set page replacement algorithm".
//
// Invariants, checked by validate():
//   1. those of IndexLists
//   2. from the front of the queue to its back uses are later, or equal
#include <memory>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class WorkingSet : public ReplacementPolicy {
 public:
  WorkingSet(uint64_t window, uint64_t tick) : window_(window), tick_(tick) {}

  PolicySees sees() const override { return PolicySees::kAccessedBits; }
  uint64_t tick_references() const override { return tick_; }
  bool gives_up_early() const override { return true; }

  void on_insert(Pfn frame, PageId) override {
    if (frame.value >= last_used_.size()) last_used_.resize(frame.value + size_t{1});
    last_used_[frame.value] = latest_;
    queue_.push_back(0, frame.value);
  }
  void on_remove(Pfn frame) override { queue_.remove(frame.value); }

  // O(frames).
  void on_tick(FrameView& frames) override {
    latest_ = frames.now();
    uint32_t i = queue_.front(0);
    for (uint64_t left = queue_.size(0); left > 0; --left) {
      const uint32_t frame = i;
      i = queue_.next(i);
      if (frames.test_and_clear_accessed(Pfn{frame})) used_now(frame);
    }
  }

  Pfn choose_early(FrameView& frames) override {
    latest_ = frames.now();
    for (uint32_t i = queue_.front(0), next = kNoIndex; i != kNoIndex; i = next) {
      if (latest_ - last_used_[i] <= window_) return kNoPfn;
      next = queue_.next(i);
      if (const Pfn victim = take_unused(i, frames); victim != kNoPfn) return victim;
    }
    return kNoPfn;
  }

  // O(frames) at worst, where all were used since the last tick.
  Pfn choose_victim(FrameView& frames, PageId) override {
    latest_ = frames.now();
    uint32_t i = queue_.front(0);
    for (uint64_t left = 2 * queue_.size(0); left > 0 && i != kNoIndex; --left) {
      const uint32_t frame = i;
      i = queue_.next(i);
      if (const Pfn victim = take_unused(frame, frames); victim != kNoPfn) return victim;
      if (i == kNoIndex) i = queue_.front(0);
    }
    return kNoPfn;
  }

  uint64_t size() const override { return queue_.size(0); }

  void validate() const override {
    queue_.validate();
    uint64_t before = 0;
    for (uint32_t i = queue_.front(0); i != kNoIndex; i = queue_.next(i)) {
      FL_CHECK_MSG(last_used_[i] >= before, "ws: frame {} was used before the one before it", i);
      before = last_used_[i];
    }
  }

 private:
  void used_now(uint32_t frame) {
    last_used_[frame] = latest_;
    queue_.move_to_back(0, frame);
  }
  // Takes the frame if it was not used since it was last looked at and may go.
  Pfn take_unused(uint32_t frame, FrameView& frames) {
    if (!frames.evictable(Pfn{frame})) return kNoPfn;
    if (frames.test_and_clear_accessed(Pfn{frame})) {
      used_now(frame);
      return kNoPfn;
    }
    queue_.remove(frame);
    return Pfn{frame};
  }

  uint64_t window_;
  uint64_t tick_;
  uint64_t latest_ = 0;              // when it was last asked anything
  IndexLists<1> queue_;              // frames, the one whose use is longest ago in front
  std::vector<uint64_t> last_used_;  // by Pfn
};

}  // namespace

MadePolicy make_working_set(const PolicyRequest& request) {
  NumberOption options[] = {window_option(), tick_option()};
  if (auto error = read_options("ws", request.options, options)) return *error;
  return made(std::make_unique<WorkingSet>(options[0].value, options[1].value));
}

}  // namespace faultline::reclaim
