// CLOCK-Pro: LIRS by accessed bits. Hot and cold pages lie in one circle, with cold pages that were
// evicted during their test period; three hands go around. The cold hand takes the first cold page
// that was not used; one that was used during its test period becomes hot. The hot hand makes hot
// pages that were not used cold, and ends the test periods that it meets. The test hand does the
// latter where more evicted pages are remembered than there are frames. The number of cold pages
// grows with each page used during its test period, and shrinks with each that was not.
//
// A page that comes back during its test period becomes hot before a hot page becomes cold for it;
// all that happens when a victim is chosen, where bits can be looked at. Where frames are free, and
// so none is chosen, the hot page becomes cold at the next choice.
// The reference that brings a page in does not set its bit (enters_referenced()). The circle is
// kept such that its front is under the hot hand, and its back is the list head of the paper.
// All hands start at the page that came first.
// Source: Jiang, Chen, Zhang, "CLOCK-Pro: an effective improvement of the CLOCK replacement",
// USENIX 2005, sections 4.2 and 4.3.
//
// Invariants, checked by validate():
//   1. those of IndexLists and Residents
//   2. a page of the circle is resident or in its test period, or about to come; hot pages are
//      resident or about to come
//   3. the counts of hot and of evicted pages; no more evicted ones than frames
//   4. the hands are at pages of the circle, or nowhere where it is empty
//   5. 1 <= cold target <= frames
#include <algorithm>
#include <memory>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"
#include "sim/reclaim/residents.h"

namespace faultline::reclaim {
namespace {

class ClockPro : public ReplacementPolicy {
 public:
  explicit ClockPro(uint64_t frames) : frames_(frames) {}

  PolicySees sees() const override { return PolicySees::kAccessedBits; }
  bool enters_referenced() const override { return false; }
  bool knows_pages() const override { return true; }

  void on_insert(Pfn frame, PageId id) override {
    residents_.insert(frame, id);
    const uint32_t page = id.value;
    if (page == coming_) {
      coming_ = kNoIndex;
      return;
    }
    forget_coming();
    if (page >= kinds_.size()) {
      kinds_.resize(page + size_t{1});
      remembered_.resize(page + size_t{1});
    }
    if (circle_.list_of(page) == 0) {
      leave(page);
      return come_back(page);
    }
    turn(page, Kind::kColdInTest);
    put_at_head(page);
  }

  void on_remove(Pfn frame) override { leave(residents_.remove(frame).value); }

  // O(frames): the hands clear every bit that they meet.
  Pfn choose_victim(FrameView& frames, PageId incoming) override {
    forget_coming();
    cool(frames);
    const bool comes_back = incoming != kNoPage && circle_.list_of(incoming.value) == 0;
    if (comes_back) leave(incoming.value);  // it is not to be forgotten for the victim's sake
    const Pfn victim = run_cold_hand(frames);
    if (comes_back) {
      coming_ = incoming.value;
      come_back(coming_);
      cool(frames);
    }
    return victim;
  }

  uint64_t size() const override { return residents_.size(); }

  void validate() const override {
    circle_.validate();
    residents_.validate();
    uint64_t hot = 0;
    uint64_t evicted = 0;
    for (uint32_t page = circle_.front(0); page != kNoIndex; page = circle_.next(page)) {
      const bool resident = residents_.frame_of(page) != kNoPfn;
      hot += kinds_[page] == Kind::kHot ? 1 : 0;
      if (page == coming_) continue;
      evicted += resident ? 0 : 1;
      FL_CHECK_MSG(resident || kinds_[page] == Kind::kColdInTest, "clockpro: page {}", page);  // 2
    }
    const uint64_t coming = coming_ == kNoIndex ? 0 : 1;
    FL_CHECK(circle_.size(0) - evicted - coming == residents_.size());   // 2
    FL_CHECK(hot == hot_ && evicted == evicted_ && evicted <= frames_);  // 3
    for (const uint32_t hand : {cold_hand_, test_hand_})
      FL_CHECK(circle_.empty(0) ? hand == kNoIndex : circle_.list_of(hand) == 0);  // 4
    FL_CHECK(cold_target_ >= 1 && cold_target_ <= frames_);                        // 5
  }

 private:
  enum class Kind : uint8_t { kCold, kColdInTest, kHot };

  uint64_t cold_resident() const { return residents_.size() - hot_; }
  void grow_cold(uint64_t by) { cold_target_ = std::min(cold_target_ + by, frames_); }
  void shrink_cold() { cold_target_ = std::max<uint64_t>(cold_target_ - 1, 1); }

  void turn(uint32_t page, Kind kind) {
    hot_ += kind == Kind::kHot ? 1 : 0;
    hot_ -= circle_.list_of(page) == 0 && kinds_[page] == Kind::kHot ? 1 : 0;
    kinds_[page] = kind;
  }

  uint32_t after(uint32_t page) const {
    const uint32_t next = circle_.next(page);
    return next == kNoIndex ? circle_.front(0) : next;
  }
  // The page under the hand, which goes on to the next. REQUIRES: the circle is not empty.
  uint32_t step(uint32_t& hand) {
    const uint32_t page = hand;
    hand = after(page);
    return page;
  }
  // No hand stays at a page that goes elsewhere.
  void pass_hands(uint32_t page) {
    for (uint32_t* hand : {&cold_hand_, &test_hand_}) {
      if (*hand != page) continue;
      *hand = after(page);
      if (*hand == page) *hand = kNoIndex;
    }
  }
  // The list head is behind the hot hand. REQUIRES: it is not in the circle.
  void put_at_head(uint32_t page) {
    if (circle_.empty(0)) cold_hand_ = test_hand_ = page;
    circle_.push_back(0, page);
  }
  void move_to_head(uint32_t page) {
    pass_hands(page);
    circle_.remove(page);
    put_at_head(page);
  }
  // It was used in its test period. REQUIRES: it is not in the circle.
  void come_back(uint32_t page) {
    grow_cold(1);
    turn(page, Kind::kHot);
    put_at_head(page);
  }
  void forget_coming() {
    if (coming_ == kNoIndex) return;
    leave(coming_);
    coming_ = kNoIndex;
  }
  // The page leaves the circle. REQUIRES: it is in it, and in no frame any more if it leaves
  // memory.
  void leave(uint32_t page) {
    pass_hands(page);
    if (kinds_[page] == Kind::kHot) --hot_;
    if (remembered_[page]) {
      remembered_[page] = false;
      --evicted_;
    }
    circle_.remove(page);
  }

  bool is_cold_resident(uint32_t page) const {
    return kinds_[page] != Kind::kHot && residents_.frame_of(page) != kNoPfn;
  }

  Pfn run_cold_hand(FrameView& frames) {
    for (uint64_t left = 4 * circle_.size(0); left > 0; --left) {
      if (cold_resident() == 0) run_hot_hand(frames);
      const uint32_t page = step(cold_hand_);
      const Pfn frame = residents_.frame_of(page);
      if (!is_cold_resident(page) || !frames.evictable(frame)) continue;
      if (!frames.test_and_clear_accessed(frame)) {
        evict(page);
        stop_cold_hand();
        return frame;
      }
      if (kinds_[page] == Kind::kColdInTest) {
        grow_cold(1);
        turn(page, Kind::kHot);
        move_to_head(page);
        cool(frames);
      } else {
        turn(page, Kind::kColdInTest);
        move_to_head(page);
      }
    }
    return take_any(frames);
  }
  // What becomes cold later is behind it.
  void stop_cold_hand() {
    if (cold_resident() == 0) return;
    while (!is_cold_resident(cold_hand_)) cold_hand_ = after(cold_hand_);
  }

  void evict(uint32_t page) {
    residents_.remove(residents_.frame_of(page));
    if (kinds_[page] != Kind::kColdInTest) return leave(page);
    remembered_[page] = true;
    ++evicted_;
    while (evicted_ > frames_) end_test(step(test_hand_));
  }

  // Where it was not used in its test period there should be fewer cold pages.
  void end_test(uint32_t page) {
    if (kinds_[page] != Kind::kColdInTest) return;
    shrink_cold();
    if (remembered_[page]) {
      leave(page);
    } else {
      kinds_[page] = Kind::kCold;
    }
  }

  // Makes hot pages cold until there are no more of them than should be.
  void cool(FrameView& frames) {
    while (hot_ > frames_ - std::min(frames_, cold_target_)) run_hot_hand(frames);
  }

  // Makes a hot page cold, and stops at the next. Two rounds at most: the first clears every bit.
  void run_hot_hand(FrameView& frames) {
    bool done = false;
    while (hot_ > 0) {
      const uint32_t page = circle_.front(0);
      if (kinds_[page] != Kind::kHot) {
        const bool gone = remembered_[page];
        end_test(page);
        if (!gone) circle_.move_to_back(0, page);
        continue;
      }
      if (done) return;
      const Pfn frame = residents_.frame_of(page);
      done = frame == kNoPfn || !frames.test_and_clear_accessed(frame);
      if (done) turn(page, Kind::kCold);
      circle_.move_to_back(0, page);
    }
  }

  // The rest may not be given up: any page that may.
  Pfn take_any(FrameView& frames) {
    for (uint32_t page = circle_.front(0); page != kNoIndex; page = circle_.next(page)) {
      const Pfn frame = residents_.frame_of(page);
      if (frame == kNoPfn || !frames.evictable(frame)) continue;
      on_remove(frame);
      return frame;
    }
    return kNoPfn;
  }

  uint64_t frames_;
  uint64_t cold_target_ = 1;  // the paper's m_c
  uint64_t hot_ = 0;
  uint64_t evicted_ = 0;
  IndexLists<1> circle_;  // pages; the hot hand is at the front
  uint32_t cold_hand_ = kNoIndex;
  uint32_t test_hand_ = kNoIndex;
  uint32_t coming_ = kNoIndex;    // in the circle already, and about to come; kNoIndex: none
  std::vector<Kind> kinds_;       // by PageId
  std::vector<bool> remembered_;  // by PageId: evicted, and in the circle
  Residents residents_;
};

}  // namespace

MadePolicy make_clock_pro(const PolicyRequest& request) {
  if (auto error = read_options("clockpro", request.options, {})) return *error;
  return made(std::make_unique<ClockPro>(request.setting.frames));
}

}  // namespace faultline::reclaim
