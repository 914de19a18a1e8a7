// LRU, exact: the page whose last reference is longest ago goes.
//
// Nothing is moved at a reference: the machine writes the position of the reference beside the
// frame (FrameView::last_reference), and RecencyQueue looks there when a victim is wanted.
//
// Invariants: those of RecencyQueue.
#include <memory>

#include "sim/reclaim/policies/policies.h"
#include "sim/reclaim/recency_queue.h"

namespace faultline::reclaim {
namespace {

class Lru : public ReplacementPolicy {
 public:
  PolicySees sees() const override { return PolicySees::kEveryAccess; }
  void on_insert(Pfn frame) override { queue_.add(frame); }
  void on_remove(Pfn frame) override { queue_.remove(frame); }
  Pfn choose_victim(FrameView& frames) override { return queue_.take_oldest(frames); }
  uint64_t size() const override { return queue_.size(); }
  void validate() const override { queue_.validate(); }

 private:
  RecencyQueue queue_;
};

}  // namespace

MadePolicy make_lru(std::span<const PolicyOption> options) {
  if (!options.empty()) return unknown_policy_option("lru", options.front());
  return std::unique_ptr<ReplacementPolicy>(std::make_unique<Lru>());
}

}  // namespace faultline::reclaim
