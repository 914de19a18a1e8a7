// n-bit CLOCK: as CLOCK, but that a page goes only when the hand has found its accessed bit clear
// `bits` times in a row. The n bits are what the last n passes of the hand found. One bit is CLOCK;
// none would be FIFO, and many come near LRU.
//
// A page enters as if the hand had just found its bit set.
// Source: Corbato, "A paging experiment with the Multics system", 1968, which has k usage bits.
//
// Invariants: those of ClockDial.
#include <memory>
#include <vector>

#include "sim/reclaim/clock_dial.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class NbitClock : public ReplacementPolicy {
 public:
  explicit NbitClock(uint64_t bits) : bits_(bits) {}

  PolicySees sees() const override { return PolicySees::kAccessedBits; }

  void on_insert(Pfn frame, PageId) override {
    dial_.add(frame, ClockDial::State::kEntered);
    if (frame.value >= passes_.size()) passes_.resize(frame.value + size_t{1});
    passes_[frame.value] = 0;
  }
  void on_remove(Pfn frame) override { dial_.remove(frame); }

  // O(frames x bits): the first round clears every bit that it meets.
  Pfn choose_victim(FrameView& frames, PageId) override {
    for (size_t steps = 0; steps < (bits_ + 1) * dial_.places(); ++steps) {
      const Pfn frame = dial_.step();
      const ClockDial::State state = dial_.state(frame);
      if (state == ClockDial::State::kNotHeld || !frames.evictable(frame)) continue;
      dial_.pass(frame);
      uint8_t& passes = passes_[frame.value];
      if (frames.test_and_clear_accessed(frame) || state == ClockDial::State::kEntered) {
        passes = 0;
      } else if (++passes >= bits_) {
        dial_.remove(frame);
        return frame;
      }
    }
    return kNoPfn;
  }

  uint64_t size() const override { return dial_.size(); }
  void validate() const override { dial_.validate(); }

 private:
  uint64_t bits_;
  ClockDial dial_;
  std::vector<uint8_t> passes_;  // by Pfn: of the hand, since the page was last found used
};

}  // namespace

MadePolicy make_nbit(const PolicyRequest& request) {
  NumberOption bits{.name = "bits", .value = 2, .min = 1, .max = 64};
  if (auto error = read_options("nbit", request.options, std::span(&bits, 1))) return *error;
  return made(std::make_unique<NbitClock>(bits.value));
}

}  // namespace faultline::reclaim
