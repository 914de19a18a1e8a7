// SIEVE: a FIFO queue and a hand that goes from its tail, the oldest page, to its head, clears the
// bits of pages that were used and takes the first that was not. Pages stay where they are; new
// ones come in at the head, behind the hand, and enter with their bit clear.
//
// The bits are the accessed bits; the reference that brings a page in does not count
// (enters_referenced()). Where the page under the hand leaves by itself, the hand goes to the next.
// Source: Zhang, Yang, Yue, Vigfusson, Rashmi, "SIEVE is simpler than LRU: an efficient turn-key
// eviction algorithm for web caches", NSDI 2024, algorithm 1.
//
// Invariants, checked by validate():
//   1. those of IndexLists
//   2. the hand is at a frame of the queue, or at none: it starts at the tail then
#include <memory>

#include "sim/base/check.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class Sieve : public ReplacementPolicy {
 public:
  PolicySees sees() const override { return PolicySees::kAccessedBits; }
  bool enters_referenced() const override { return false; }

  void on_insert(Pfn frame, PageId) override { queue_.push_back(0, frame.value); }
  void on_remove(Pfn frame) override {
    FL_CHECK(queue_.list_of(frame.value) == 0);
    if (hand_ == frame.value) hand_ = queue_.next(frame.value);
    queue_.remove(frame.value);
  }

  // O(frames): two rounds at most.
  Pfn choose_victim(FrameView& frames, PageId) override {
    for (uint64_t left = 2 * queue_.size(0); left > 0; --left) {
      if (hand_ == kNoIndex) hand_ = queue_.front(0);
      const Pfn frame{hand_};
      hand_ = queue_.next(hand_);
      if (!frames.evictable(frame) || frames.test_and_clear_accessed(frame)) continue;
      queue_.remove(frame.value);
      return frame;
    }
    return kNoPfn;
  }

  uint64_t size() const override { return queue_.size(0); }
  void validate() const override {
    queue_.validate();
    FL_CHECK_MSG(hand_ == kNoIndex || queue_.list_of(hand_) == 0, "sieve: the hand is at {}",
                 hand_);  // 2
  }

 private:
  IndexLists<1> queue_;  // frames, the oldest in front
  uint32_t hand_ = kNoIndex;
};

}  // namespace

MadePolicy make_sieve(const PolicyRequest& request) {
  if (auto error = read_options("sieve", request.options, {})) return *error;
  return made(std::make_unique<Sieve>());
}

}  // namespace faultline::reclaim
