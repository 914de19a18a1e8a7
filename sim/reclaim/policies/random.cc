// Random: any page goes, each as likely as the other; the machine's seed says which.
//
// Where the frame drawn may not be given up, the next one that may goes instead.
// Source: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
// Journal 5(2), 1966 (RAND).
//
// Invariants, checked by validate():
//   1. every held frame stands once in `held_`, and places_ says where
#include <memory>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class Random : public ReplacementPolicy {
 public:
  explicit Random(uint64_t seed) : prng_(seed) {}

  PolicySees sees() const override { return PolicySees::kNothing; }

  void on_insert(Pfn frame, PageId) override {
    if (frame.value >= places_.size()) places_.resize(frame.value + size_t{1}, kNoIndex);
    FL_CHECK(places_[frame.value] == kNoIndex);
    places_[frame.value] = static_cast<uint32_t>(held_.size());
    held_.push_back(frame);
  }

  void on_remove(Pfn frame) override {
    FL_CHECK(frame.value < places_.size() && places_[frame.value] != kNoIndex);
    const Pfn last = held_.back();
    held_[places_[frame.value]] = last;
    places_[last.value] = places_[frame.value];
    places_[frame.value] = kNoIndex;
    held_.pop_back();
  }

  // O(1 + frames drawn that may not be given up).
  Pfn choose_victim(FrameView& frames, PageId) override {
    if (held_.empty()) return kNoPfn;
    const uint64_t drawn = prng_.below(held_.size());
    for (uint64_t i = 0; i < held_.size(); ++i) {
      const Pfn frame = held_[(drawn + i) % held_.size()];
      if (!frames.evictable(frame)) continue;
      on_remove(frame);
      return frame;
    }
    return kNoPfn;
  }

  uint64_t size() const override { return held_.size(); }

  void validate() const override {
    uint64_t placed = 0;
    for (const uint32_t place : places_) placed += place != kNoIndex ? 1 : 0;
    FL_CHECK(placed == held_.size());  // 1
    for (size_t i = 0; i < held_.size(); ++i) FL_CHECK(places_[held_[i].value] == i);
  }

 private:
  base::Prng prng_;
  std::vector<Pfn> held_;
  std::vector<uint32_t> places_;  // by Pfn; kNoIndex: not held
};

}  // namespace

MadePolicy make_random(const PolicyRequest& request) {
  if (auto error = read_options("random", request.options, {})) return *error;
  return made(std::make_unique<Random>(request.setting.seed));
}

}  // namespace faultline::reclaim
