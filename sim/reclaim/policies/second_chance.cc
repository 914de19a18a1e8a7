// Second chance: FIFO, but that a page at the front of the queue whose accessed bit is set has it
// cleared and goes to the back. A page enters with its bit set.
//
// CLOCK chooses the same pages as long as none leaves by itself: there the page that comes takes
// the place of the one that went, here it goes to the back of the queue.
// Source: Tanenbaum, Modern Operating Systems, "The second-chance page replacement algorithm";
// Corbato, "A paging experiment with the Multics system", 1968.
//
// Invariants: those of IndexLists.
#include <memory>
#include <vector>

#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class SecondChance : public ReplacementPolicy {
 public:
  PolicySees sees() const override { return PolicySees::kAccessedBits; }

  void on_insert(Pfn frame, PageId) override {
    queue_.push_back(0, frame.value);
    if (frame.value >= entered_.size()) entered_.resize(frame.value + size_t{1});
    entered_[frame.value] = true;
  }
  void on_remove(Pfn frame) override { queue_.remove(frame.value); }

  // O(frames): two rounds at most, for the first clears every bit that it meets.
  Pfn choose_victim(FrameView& frames, PageId) override {
    uint32_t i = queue_.front(0);
    for (uint64_t left = 2 * queue_.size(0); left > 0 && i != kNoIndex; --left) {
      const uint32_t frame = i;
      i = queue_.next(i);
      if (!frames.evictable(Pfn{frame})) continue;
      // Both are asked: the accessed bit must be cleared also where the other is set.
      const bool used = frames.test_and_clear_accessed(Pfn{frame}) || entered_[frame];
      if (!used) {
        queue_.remove(frame);
        return Pfn{frame};
      }
      entered_[frame] = false;
      queue_.move_to_back(0, frame);
      if (i == kNoIndex) i = frame;
    }
    return kNoPfn;
  }

  uint64_t size() const override { return queue_.size(0); }
  void validate() const override { queue_.validate(); }

 private:
  IndexLists<1> queue_;        // frames, the next to be looked at in front
  std::vector<bool> entered_;  // by Pfn: not looked at since the page came
};

}  // namespace

MadePolicy make_second_chance(const PolicyRequest& request) {
  if (auto error = read_options("second-chance", request.options, {})) return *error;
  return made(std::make_unique<SecondChance>());
}

}  // namespace faultline::reclaim
