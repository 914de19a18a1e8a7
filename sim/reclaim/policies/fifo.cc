// FIFO: the page that came first goes first, however much it is used.
//
// Invariants: those of FrameList.
#include <memory>

#include "sim/base/check.h"
#include "sim/reclaim/frame_list.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class Fifo : public ReplacementPolicy {
 public:
  PolicySees sees() const override { return PolicySees::kNothing; }
  void on_insert(Pfn frame, PageId) override { queue_.push_back(frame); }
  void on_remove(Pfn frame) override { queue_.remove(frame); }

  // O(1 + frames at the front that may not be given up).
  Pfn choose_victim(FrameView& frames, PageId) override {
    for (Pfn frame = queue_.first(); frame != kNoPfn; frame = queue_.next(frame)) {
      if (!frames.evictable(frame)) continue;
      queue_.remove(frame);
      return frame;
    }
    return kNoPfn;
  }

  uint64_t size() const override { return queue_.size(); }
  void validate() const override { queue_.validate(); }

 private:
  FrameList queue_;  // in the order of entry
};

}  // namespace

MadePolicy make_fifo(const PolicyRequest& request) {
  if (auto error = read_options("fifo", request.options, {})) return *error;
  return made(std::make_unique<Fifo>());
}

}  // namespace faultline::reclaim
