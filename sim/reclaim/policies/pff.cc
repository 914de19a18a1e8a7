// PFF, page-fault frequency: when a page is to come in and the one before it came more than
// `threshold` references ago, every page whose accessed bit is clear is given up, though memory may
// not be full; when pages come in more often than that, memory grows. Where memory is full the page
// goes that second chance would choose.
//
// At the fault that gives pages up all accessed bits are cleared, as they are in the paper.
// Resident pages may be fewer than --memory has room for, and are never more.
// Source: Chu, Opderbeck, "Program behavior and the page-fault-frequency replacement algorithm",
// IEEE Computer 9(11), 1976.
//
// Invariants: those of IndexLists.
#include <memory>
#include <vector>

#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class Pff : public ReplacementPolicy {
 public:
  explicit Pff(uint64_t threshold) : threshold_(threshold) {}

  PolicySees sees() const override { return PolicySees::kAccessedBits; }
  bool gives_up_early() const override { return true; }

  void on_insert(Pfn frame, PageId) override { lists_.push_back(kQueue, frame.value); }
  void on_remove(Pfn frame) override { lists_.remove(frame.value); }

  // O(frames) at the first call of a fault that gives pages up, else O(1).
  Pfn choose_early(FrameView& frames) override {
    const uint64_t now = frames.now();
    if (now != last_fault_) {
      if (now - last_fault_ > threshold_) find_unused(frames);
      last_fault_ = now;
    }
    return take_from(kUnused, frames);
  }

  // O(frames): two rounds at most.
  Pfn choose_victim(FrameView& frames, PageId) override {
    uint32_t i = lists_.front(kQueue);
    for (uint64_t left = 2 * lists_.size(kQueue); left > 0 && i != kNoIndex; --left) {
      const uint32_t frame = i;
      i = lists_.next(i);
      if (!frames.evictable(Pfn{frame})) continue;
      if (!frames.test_and_clear_accessed(Pfn{frame})) {
        lists_.remove(frame);
        return Pfn{frame};
      }
      lists_.move_to_back(kQueue, frame);
      if (i == kNoIndex) i = frame;
    }
    return take_from(kUnused, frames);
  }

  uint64_t size() const override { return lists_.size(kQueue) + lists_.size(kUnused); }
  void validate() const override { lists_.validate(); }

 private:
  enum List : size_t { kQueue, kUnused, kLists };

  // What could not go the last time has its chance again.
  void find_unused(FrameView& frames) {
    for (uint32_t i = lists_.front(kUnused), next = kNoIndex; i != kNoIndex; i = next) {
      next = lists_.next(i);
      lists_.remove(i);
      lists_.push_back(kQueue, i);
    }
    for (uint32_t i = lists_.front(kQueue), next = kNoIndex; i != kNoIndex; i = next) {
      next = lists_.next(i);
      if (frames.test_and_clear_accessed(Pfn{i})) continue;
      lists_.remove(i);
      lists_.push_back(kUnused, i);
    }
  }

  Pfn take_from(List list, FrameView& frames) {
    for (uint32_t i = lists_.front(list); i != kNoIndex; i = lists_.next(i)) {
      if (!frames.evictable(Pfn{i})) continue;
      lists_.remove(i);
      return Pfn{i};
    }
    return kNoPfn;
  }

  uint64_t threshold_;
  uint64_t last_fault_ = 0;
  IndexLists<kLists> lists_;  // frames, in the order they came or were last spared
};

}  // namespace

MadePolicy make_pff(const PolicyRequest& request) {
  NumberOption threshold{.name = "threshold", .value = 10'000, .min = 1, .max = kTimeMax};
  if (auto error = read_options("pff", request.options, std::span(&threshold, 1))) return *error;
  return made(std::make_unique<Pff>(threshold.value));
}

}  // namespace faultline::reclaim
