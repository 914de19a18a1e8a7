// MRU: the page whose last reference is the latest goes: for loops that are larger than memory.
//
// Source: Chou, DeWitt, "An evaluation of buffer management strategies for relational database
// systems", VLDB 1985.
//
// Invariants: those of IndexLists.
#include <memory>

#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class Mru : public ReplacementPolicy {
 public:
  PolicySees sees() const override { return PolicySees::kEveryReference; }
  void on_insert(Pfn frame, PageId) override { stack_.push_back(0, frame.value); }
  void on_remove(Pfn frame) override { stack_.remove(frame.value); }
  void on_references(std::span<const Reference> references) override {
    for (const Reference& reference : references)
      if (reference.hits > 0) stack_.move_to_back(0, reference.frame.value);
  }

  // O(1 + frames on top that may not be given up).
  Pfn choose_victim(FrameView& frames, PageId) override {
    for (uint32_t i = stack_.back(0); i != kNoIndex; i = stack_.previous(i)) {
      if (!frames.evictable(Pfn{i})) continue;
      stack_.remove(i);
      return Pfn{i};
    }
    return kNoPfn;
  }

  uint64_t size() const override { return stack_.size(0); }
  void validate() const override { stack_.validate(); }

 private:
  IndexLists<1> stack_;  // frames, the most recently used at the back
};

}  // namespace

MadePolicy make_mru(const PolicyRequest& request) {
  if (auto error = read_options("mru", request.options, {})) return *error;
  return made(std::make_unique<Mru>());
}

}  // namespace faultline::reclaim
