// 2Q, the full version: pages enter a FIFO queue, A1in; those that leave it are remembered in
// A1out, by number alone; what comes back while it is remembered enters Am, an LRU list.
//
// kin and kout are the sizes of A1in and A1out in percent of memory, rounded down, one at least.
// Details that the paper leaves open: a page that comes back leaves A1out before a victim is
// chosen; where Am is empty (or may not be given up) A1in gives a page up however short it is.
// Source: Johnson, Shasha, "2Q: a low overhead high performance buffer management replacement
// algorithm", VLDB 1994, "Full version".
//
// Invariants, checked by validate():
//   1. those of IndexLists and Residents
//   2. the resident pages are those of A1in and Am
//   3. A1out has no more than its size
#include <memory>

#include "sim/base/check.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/last_uses.h"
#include "sim/reclaim/policies/policies.h"
#include "sim/reclaim/residents.h"

namespace faultline::reclaim {
namespace {

class TwoQueue : public ReplacementPolicy {
 public:
  TwoQueue(uint64_t in_pages, uint64_t out_pages) : in_pages_(in_pages), out_pages_(out_pages) {}

  PolicySees sees() const override { return PolicySees::kEveryReference; }
  bool knows_pages() const override { return true; }

  void on_insert(Pfn frame, PageId page) override {
    residents_.insert(frame, page);
    recall(page);
    lists_.push_back(page == recalled_ ? kMain : kIn, page.value);
    recalled_ = kNoPage;
  }
  void on_remove(Pfn frame) override { lists_.remove(residents_.remove(frame).value); }
  void on_references(std::span<const Reference> references) override {
    for (const Pfn frame : last_uses_.of(references)) {
      const uint32_t page = residents_.page_in(frame).value;
      if (lists_.list_of(page) == kMain) lists_.move_to_back(kMain, page);
    }
  }

  // O(1 + pages that may not be given up).
  Pfn choose_victim(FrameView& frames, PageId incoming) override {
    recalled_ = kNoPage;
    if (incoming != kNoPage) recall(incoming);
    const bool in_first = lists_.size(kIn) > in_pages_ || lists_.empty(kMain);
    const Pfn victim = take_oldest(in_first ? kIn : kMain, frames);
    return victim != kNoPfn ? victim : take_oldest(in_first ? kMain : kIn, frames);
  }

  uint64_t size() const override { return residents_.size(); }

  void validate() const override {
    lists_.validate();
    residents_.validate();
    FL_CHECK(lists_.size(kIn) + lists_.size(kMain) == residents_.size());  // 2
    for (const List list : {kIn, kMain})
      for (uint32_t i = lists_.front(list); i != kNoIndex; i = lists_.next(i))
        FL_CHECK_MSG(residents_.frame_of(i) != kNoPfn, "2q: page {} is in no frame", i);  // 2
    FL_CHECK(lists_.size(kOut) <= out_pages_);                                            // 3
  }

 private:
  enum List : size_t { kIn, kOut, kMain, kLists };

  // A page that is remembered is no ghost any more.
  void recall(PageId page) {
    if (lists_.list_of(page.value) != kOut) return;
    lists_.remove(page.value);
    recalled_ = page;
  }

  Pfn take_oldest(List list, FrameView& frames) {
    for (uint32_t page = lists_.front(list); page != kNoIndex; page = lists_.next(page)) {
      const Pfn frame = residents_.frame_of(page);
      if (!frames.evictable(frame)) continue;
      residents_.remove(frame);
      lists_.remove(page);
      if (list == kIn) remember(page);
      return frame;
    }
    return kNoPfn;
  }

  void remember(uint32_t page) {
    lists_.push_back(kOut, page);
    if (lists_.size(kOut) > out_pages_) lists_.remove(lists_.front(kOut));
  }

  uint64_t in_pages_;
  uint64_t out_pages_;
  IndexLists<kLists> lists_;  // pages, the oldest in front
  Residents residents_;
  LastUses last_uses_;
  PageId recalled_ = kNoPage;  // it was remembered when it was about to come
};

}  // namespace

MadePolicy make_two_queue(const PolicyRequest& request) {
  NumberOption options[] = {{.name = "kin", .value = 25, .min = 1, .max = 100},
                            {.name = "kout", .value = 50, .min = 1, .max = 1000}};
  if (auto error = read_options("2q", request.options, options)) return *error;
  const uint64_t frames = request.setting.frames;
  return made(std::make_unique<TwoQueue>(share_of(frames, options[0].value),
                                         share_of(frames, options[1].value)));
}

}  // namespace faultline::reclaim
