// WSClock: frames lie in a circle, and each has the time of its page's last use, as far as the hand
// has seen it. The hand takes the first page that is clean and was not used for `window`
// references; where a round finds none, a dirty one that old; else the one whose use is longest
// ago. Until that one would have been old enough no page can be, and the hand takes the first page
// that it finds unused, as CLOCK does.
//
// Carr and Hennessy start to write dirty pages as the hand meets them; here the page is written
// when it is given up, and so dirty ones are second. Of equal times the page met first goes.
// Source: Carr, Hennessy, "WSClock: a simple and effective algorithm for virtual memory
// management", SOSP 1981.
//
// Invariants: those of ClockDial.
#include <memory>
#include <vector>

#include "sim/reclaim/clock_dial.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class WsClock : public ReplacementPolicy {
 public:
  explicit WsClock(uint64_t window) : window_(window) {}

  PolicySees sees() const override { return PolicySees::kAccessedBits; }

  void on_insert(Pfn frame, PageId) override {
    dial_.add(frame, ClockDial::State::kEntered);
    if (frame.value >= last_used_.size()) last_used_.resize(frame.value + size_t{1});
    last_used_[frame.value] = 0;
  }
  void on_remove(Pfn frame) override { dial_.remove(frame); }

  // O(frames): two rounds at most, and one only where a page may be old.
  Pfn choose_victim(FrameView& frames, PageId) override {
    const Pfn victim = frames.now() < none_old_before_ ? find_unused(frames) : find_old(frames);
    if (victim != kNoPfn) dial_.remove(victim);
    return victim;
  }

  uint64_t size() const override { return dial_.size(); }
  void validate() const override { dial_.validate(); }

 private:
  // Whether the page under the hand was used since the hand was here. REQUIRES: it is evictable.
  bool look_at(Pfn frame, FrameView& frames) {
    const bool entered = dial_.state(frame) == ClockDial::State::kEntered;
    dial_.pass(frame);
    const bool used = frames.test_and_clear_accessed(frame) || entered;
    if (used) last_used_[frame.value] = frames.now();
    return used;
  }
  bool may_go(Pfn frame, const FrameView& frames) const {
    return dial_.state(frame) != ClockDial::State::kNotHeld && frames.evictable(frame);
  }

  Pfn find_old(FrameView& frames) {
    Pfn old_dirty = kNoPfn;
    Pfn oldest = kNoPfn;
    for (size_t steps = 0; steps < dial_.places(); ++steps) {
      const Pfn frame = dial_.step();
      if (!may_go(frame, frames)) continue;
      const bool used = look_at(frame, frames);
      const uint64_t last = last_used_[frame.value];
      if (!used && frames.now() - last > window_) {
        if (!frames.dirty(frame)) return frame;
        if (old_dirty == kNoPfn) old_dirty = frame;
      }
      if (oldest == kNoPfn || last < last_used_[oldest.value]) oldest = frame;
    }
    if (oldest == kNoPfn || old_dirty != kNoPfn) return old_dirty;
    none_old_before_ = last_used_[oldest.value] + window_ + 1;
    return oldest;
  }

  Pfn find_unused(FrameView& frames) {
    for (size_t steps = 0; steps < 2 * dial_.places(); ++steps) {
      const Pfn frame = dial_.step();
      if (may_go(frame, frames) && !look_at(frame, frames)) return frame;
    }
    return kNoPfn;
  }

  uint64_t window_;
  ClockDial dial_;
  std::vector<uint64_t> last_used_;  // by Pfn
  uint64_t none_old_before_ = 0;     // no page that may go can be old before this time
};

}  // namespace

MadePolicy make_ws_clock(const PolicyRequest& request) {
  NumberOption window = window_option();
  if (auto error = read_options("wsclock", request.options, std::span(&window, 1))) return *error;
  return made(std::make_unique<WsClock>(window.value));
}

}  // namespace faultline::reclaim
