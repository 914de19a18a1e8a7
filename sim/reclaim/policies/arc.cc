// ARC: T1 holds the pages used once lately, T2 those used more often, both by LRU; B1 and B2
// remember what left them. `p`, the size that T1 should have, grows when a page of B1 comes back
// and shrinks when one of B2 does.
//
// Details: p is a real number, as are its steps, the ratios of the sizes of B1 and B2. Where the
// list that REPLACE names has no page that may be given up, the other gives one up. A page counts
// as used again from its second reference on, be it the next of all.
// Source: Megiddo, Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003,
// figure 4.
//
// Invariants, checked by validate():
//   1. those of IndexLists and Residents
//   2. the resident pages are those of T1 and T2
//   3. T1 and B1 have no more than `frames` pages together, all four twice as many
//   4. 0 <= p <= frames
#include <algorithm>
#include <memory>

#include "sim/base/check.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/last_uses.h"
#include "sim/reclaim/policies/policies.h"
#include "sim/reclaim/residents.h"

namespace faultline::reclaim {
namespace {

class Arc : public ReplacementPolicy {
 public:
  explicit Arc(uint64_t frames) : frames_(frames) {}

  PolicySees sees() const override { return PolicySees::kEveryReference; }
  bool knows_pages() const override { return true; }

  void on_insert(Pfn frame, PageId page) override {
    residents_.insert(frame, page);
    recall(page);
    lists_.push_back(recalled_ == page ? kT2 : kT1, page.value);
    recalled_ = kNoPage;
    trim();
  }
  void on_remove(Pfn frame) override { lists_.remove(residents_.remove(frame).value); }
  void on_references(std::span<const Reference> references) override {
    // Each brings its page to the end of T2, and so the last one to each is enough.
    for (const Pfn frame : last_uses_.of(references)) {
      const uint32_t page = residents_.page_in(frame).value;
      if (lists_.list_of(page) == kT2) {
        lists_.move_to_back(kT2, page);
      } else {
        lists_.remove(page);
        lists_.push_back(kT2, page);
      }
    }
  }

  // O(1 + pages that may not be given up).
  Pfn choose_victim(FrameView& frames, PageId incoming) override {
    recalled_ = kNoPage;
    const bool was_b2 = incoming != kNoPage && lists_.list_of(incoming.value) == kB2;
    if (incoming != kNoPage) recall(incoming);
    if (recalled_ == kNoPage) {
      // Case IV of the paper. Where T1 fills all of L1, its page goes and is not remembered.
      if (lists_.size(kT1) + lists_.size(kB1) >= frames_) {
        if (lists_.empty(kB1)) return replace(kT1, Remember::kNo, frames);
        lists_.remove(lists_.front(kB1));
      } else if (total() >= 2 * frames_ && !lists_.empty(kB2)) {
        lists_.remove(lists_.front(kB2));
      }
    }
    const auto t1 = static_cast<double>(lists_.size(kT1));
    const bool from_t1 = t1 >= 1 && (t1 > target_ || (was_b2 && t1 == target_));
    return replace(from_t1 ? kT1 : kT2, Remember::kYes, frames);
  }

  uint64_t size() const override { return residents_.size(); }

  void validate() const override {
    lists_.validate();
    residents_.validate();
    FL_CHECK(lists_.size(kT1) + lists_.size(kT2) == residents_.size());  // 2
    for (const List list : {kT1, kT2})
      for (uint32_t i = lists_.front(list); i != kNoIndex; i = lists_.next(i))
        FL_CHECK_MSG(residents_.frame_of(i) != kNoPfn, "arc: page {} is in no frame", i);  // 2
    FL_CHECK(lists_.empty(kB1) || lists_.size(kT1) + lists_.size(kB1) <= frames_);         // 3
    FL_CHECK(lists_.empty(kB2) || total() <= 2 * frames_);                                 // 3
    FL_CHECK(target_ >= 0 && target_ <= static_cast<double>(frames_));                     // 4
  }

 private:
  enum List : size_t { kT1, kT2, kB1, kB2, kLists };
  enum class Remember : bool { kNo, kYes };

  uint64_t total() const {
    return lists_.size(kT1) + lists_.size(kT2) + lists_.size(kB1) + lists_.size(kB2);
  }

  // Cases II and III: a page that is remembered comes back.
  void recall(PageId page) {
    const size_t list = lists_.list_of(page.value);
    if (list != kB1 && list != kB2) return;
    const auto b1 = static_cast<double>(lists_.size(kB1));
    const auto b2 = static_cast<double>(lists_.size(kB2));
    target_ = list == kB1 ? std::min(target_ + std::max(b2 / b1, 1.0), static_cast<double>(frames_))
                          : std::max(target_ - std::max(b1 / b2, 1.0), 0.0);
    lists_.remove(page.value);
    recalled_ = page;
  }

  Pfn replace(List list, Remember remember, FrameView& frames) {
    for (const List from : {list, list == kT1 ? kT2 : kT1}) {
      for (uint32_t page = lists_.front(from); page != kNoIndex; page = lists_.next(page)) {
        const Pfn frame = residents_.frame_of(page);
        if (!frames.evictable(frame)) continue;
        residents_.remove(frame);
        lists_.remove(page);
        if (remember == Remember::kYes) lists_.push_back(from == kT1 ? kB1 : kB2, page);
        return frame;
      }
    }
    return kNoPfn;
  }

  // What the paper's cases keep by themselves where every page that goes was chosen.
  void trim() {
    while (!lists_.empty(kB1) && lists_.size(kT1) + lists_.size(kB1) > frames_)
      lists_.remove(lists_.front(kB1));
    while (!lists_.empty(kB2) && total() > 2 * frames_) lists_.remove(lists_.front(kB2));
  }

  uint64_t frames_;
  double target_ = 0;         // the paper's p
  IndexLists<kLists> lists_;  // pages, the least recently used in front
  Residents residents_;
  LastUses last_uses_;
  PageId recalled_ = kNoPage;  // it was remembered when it was about to come
};

}  // namespace

MadePolicy make_arc(const PolicyRequest& request) {
  if (auto error = read_options("arc", request.options, {})) return *error;
  return made(std::make_unique<Arc>(request.setting.frames));
}

}  // namespace faultline::reclaim
