// CLOCK, second chance: frames lie in a circle in the order of their numbers, and a hand goes
// around. On a miss with memory full it clears bits until it meets a page whose bit is clear,
// replaces that page and steps past it. It starts at the first frame filled.
//
// A page's bit is the accessed bit of its mappings, or-ed with one of the policy's own that stands
// for the page's entry:
//   enter=1 (the default)  a page enters with its bit set.
//   enter=0                a page enters with its bit clear: only a reference later than the one
//                          that brought it in sets it. Since the processor sets the accessed bit
//                          for that reference too, the reclaimer clears it again when the reference
//                          is done (enters_referenced()), which flushes the page from the TLB, or
//                          the next reference would not be seen.
//
// Source: Corbato, "A paging experiment with the Multics system", 1968.
//
// Invariants, checked by validate():
//   1. size() equals the number of frames held
//   2. once a frame was filled the hand points at a frame number, held or not, and not beyond the
//      first number never held
#include <memory>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class Clock : public ReplacementPolicy {
 public:
  explicit Clock(bool enters_referenced) : enters_referenced_(enters_referenced) {}

  PolicySees sees() const override { return PolicySees::kAccessedBits; }
  bool enters_referenced() const override { return enters_referenced_; }

  void on_insert(Pfn frame) override {
    FL_CHECK(frame != kNoPfn);
    if (states_.empty()) hand_ = frame.value;
    if (frame.value >= states_.size()) states_.resize(frame.value + size_t{1}, State::kNotHeld);
    FL_CHECK(states_[frame.value] == State::kNotHeld);
    states_[frame.value] = enters_referenced_ ? State::kEntered : State::kHeld;
    ++size_;
  }

  void on_remove(Pfn frame) override {
    FL_CHECK(frame.value < states_.size() && states_[frame.value] != State::kNotHeld);
    states_[frame.value] = State::kNotHeld;
    --size_;
  }

  // O(frames): two rounds at most, for the first clears every bit that it meets.
  Pfn choose_victim(FrameView& frames) override {
    for (size_t steps = 0; steps < 2 * states_.size(); ++steps) {
      if (hand_ == states_.size()) hand_ = 0;
      const Pfn frame{uint32_t(hand_++)};
      if (states_[frame.value] == State::kNotHeld || !frames.evictable(frame)) continue;
      const bool entered = states_[frame.value] == State::kEntered;
      states_[frame.value] = State::kHeld;
      // Both are asked: the accessed bit must be cleared also where the other is set.
      if (frames.test_and_clear_accessed(frame) || entered) continue;
      on_remove(frame);
      return frame;
    }
    return kNoPfn;
  }

  uint64_t size() const override { return size_; }

  void validate() const override {
    uint64_t held = 0;
    for (const State state : states_) held += state != State::kNotHeld ? 1 : 0;
    FL_CHECK_MSG(held == size_, "clock: {} frames held, {} counted", held, size_);
    FL_CHECK_MSG(hand_ <= states_.size(), "clock: the hand is off the dial");
  }

 private:
  enum class State : uint8_t {
    kNotHeld,
    kHeld,
    kEntered,  // held, and the hand has not passed since the page entered with its bit set
  };

  bool enters_referenced_;
  std::vector<State> states_;  // by Pfn
  size_t hand_ = 0;
  uint64_t size_ = 0;
};

}  // namespace

MadePolicy make_clock(std::span<const PolicyOption> options) {
  bool enters_referenced = true;
  for (const PolicyOption& option : options) {
    if (option.key != "enter") return unknown_policy_option("clock", option);
    if (option.value != "0" && option.value != "1") {
      return InputError{.message = "policy clock: enter is 0 or 1, not '" +
                                   std::string(option.value) + "'"};
    }
    enters_referenced = option.value == "1";
  }
  return std::unique_ptr<ReplacementPolicy>(std::make_unique<Clock>(enters_referenced));
}

}  // namespace faultline::reclaim
