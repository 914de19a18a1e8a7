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
  PolicySees sees() const override { return PolicySees::kLastReference; }
  bool is_lru() const override { return true; }
  void on_insert(Pfn frame, PageId) override { queue_.add(frame); }
  void on_remove(Pfn frame) override { queue_.remove(frame); }
  Pfn choose_victim(FrameView& frames, PageId) override { return queue_.take_oldest(frames); }
  uint64_t size() const override { return queue_.size(); }
  void validate() const override { queue_.validate(); }

 private:
  RecencyQueue queue_;
};

}  // namespace

MadePolicy make_lru(const PolicyRequest& request) {
  if (auto error = read_options("lru", request.options, {})) return *error;
  return made(std::make_unique<Lru>());
}

}  // namespace faultline::reclaim
