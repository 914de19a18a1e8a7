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
// Invariants: those of ClockDial.
#include <memory>

#include "sim/reclaim/clock_dial.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class Clock : public ReplacementPolicy {
 public:
  explicit Clock(bool enters_referenced) : enters_referenced_(enters_referenced) {}

  PolicySees sees() const override { return PolicySees::kAccessedBits; }
  bool enters_referenced() const override { return enters_referenced_; }

  void on_insert(Pfn frame, PageId) override {
    dial_.add(frame, enters_referenced_ ? ClockDial::State::kEntered : ClockDial::State::kHeld);
  }
  void on_remove(Pfn frame) override { dial_.remove(frame); }

  // O(frames): two rounds at most, for the first clears every bit that it meets.
  Pfn choose_victim(FrameView& frames, PageId) override {
    for (size_t steps = 0; steps < 2 * dial_.places(); ++steps) {
      const Pfn frame = dial_.step();
      const ClockDial::State state = dial_.state(frame);
      if (state == ClockDial::State::kNotHeld || !frames.evictable(frame)) continue;
      dial_.pass(frame);
      // Both are asked: the accessed bit must be cleared also where the other is set.
      if (frames.test_and_clear_accessed(frame) || state == ClockDial::State::kEntered) continue;
      dial_.remove(frame);
      return frame;
    }
    return kNoPfn;
  }

  uint64_t size() const override { return dial_.size(); }
  void validate() const override { dial_.validate(); }

 private:
  bool enters_referenced_;
  ClockDial dial_;
};

}  // namespace

MadePolicy make_clock(const PolicyRequest& request) {
  NumberOption enter{.name = "enter", .value = 1, .min = 0, .max = 1};
  if (auto error = read_options("clock", request.options, std::span(&enter, 1))) return *error;
  return made(std::make_unique<Clock>(enter.value == 1));
}

}  // namespace faultline::reclaim
