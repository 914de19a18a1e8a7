// S3-FIFO: pages enter a small FIFO queue, S; from its tail those that were used more than once
// since go to the main queue, M, and the others out, remembered in G. What comes back while it is
// remembered enters M. At M's tail a page that was used goes around once more.
//
// `small` is the size of S in percent of memory, rounded down, one at least; M and G have the rest.
// A page's uses count up to 3; the reference that brings it in is none. Details that the paper
// leaves open: a page that comes back leaves G before a victim is chosen; a page that goes from S
// to M counts from 0 again; when M is too large by it, a page of M is the victim, and S is left.
// Source: Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction", SOSP
// 2023, algorithm 1.
//
// Invariants, checked by validate():
//   1. those of IndexLists and Residents
//   2. the resident pages are those of S and M
//   3. G has no more than its size
#include <algorithm>
#include <memory>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"
#include "sim/reclaim/residents.h"

namespace faultline::reclaim {
namespace {

constexpr uint32_t kUsesMax = 3;
constexpr uint32_t kUsesToStay = 2;

class S3Fifo : public ReplacementPolicy {
 public:
  S3Fifo(uint64_t small_pages, uint64_t main_pages)
      : small_pages_(small_pages), main_pages_(main_pages) {}

  PolicySees sees() const override { return PolicySees::kEveryReference; }
  bool knows_pages() const override { return true; }

  void on_insert(Pfn frame, PageId page) override {
    residents_.insert(frame, page);
    if (page.value >= uses_.size()) uses_.resize(page.value + size_t{1});
    uses_[page.value] = 0;
    recall(page);
    lists_.push_back(page == recalled_ ? kMain : kSmall, page.value);
    recalled_ = kNoPage;
  }
  void on_remove(Pfn frame) override { lists_.remove(residents_.remove(frame).value); }
  void on_references(std::span<const Reference> references) override {
    for (const Reference& reference : references) {
      uint8_t& uses = uses_[residents_.page_in(reference.frame).value];
      if (uses == kUsesMax) continue;  // most are, of those that are used much
      uses = static_cast<uint8_t>(
          std::min<uint32_t>(uses + std::min<uint32_t>(reference.hits, 3), kUsesMax));
    }
  }

  // O(frames) at worst: each page of M is passed three times at most.
  Pfn choose_victim(FrameView& frames, PageId incoming) override {
    recalled_ = kNoPage;
    if (incoming != kNoPage) recall(incoming);
    const bool small_first = lists_.size(kSmall) >= small_pages_ || lists_.empty(kMain);
    const Pfn victim = small_first ? evict_small(frames) : evict_main(frames);
    if (victim != kNoPfn) return victim;
    return small_first ? evict_main(frames) : evict_small(frames);
  }

  uint64_t size() const override { return residents_.size(); }

  void validate() const override {
    lists_.validate();
    residents_.validate();
    FL_CHECK(lists_.size(kSmall) + lists_.size(kMain) == residents_.size());  // 2
    for (const List list : {kSmall, kMain})
      for (uint32_t i = lists_.front(list); i != kNoIndex; i = lists_.next(i))
        FL_CHECK_MSG(residents_.frame_of(i) != kNoPfn, "s3fifo: page {} is in no frame", i);  // 2
    FL_CHECK(lists_.size(kGhost) <= main_pages_);                                             // 3
  }

 private:
  enum List : size_t { kSmall, kMain, kGhost, kLists };

  void recall(PageId page) {
    if (lists_.list_of(page.value) != kGhost) return;
    lists_.remove(page.value);
    recalled_ = page;
  }

  Pfn take(uint32_t page) {
    const Pfn frame = residents_.frame_of(page);
    residents_.remove(frame);
    lists_.remove(page);
    return frame;
  }

  Pfn evict_small(FrameView& frames) {
    for (uint32_t page = lists_.front(kSmall), next = kNoIndex; page != kNoIndex; page = next) {
      next = lists_.next(page);
      if (!frames.evictable(residents_.frame_of(page))) continue;
      if (uses_[page] < kUsesToStay) {
        const Pfn frame = take(page);
        remember(page);
        return frame;
      }
      uses_[page] = 0;
      lists_.remove(page);
      lists_.push_back(kMain, page);
      if (lists_.size(kMain) <= main_pages_) continue;
      if (const Pfn victim = evict_main(frames); victim != kNoPfn) return victim;
    }
    return kNoPfn;
  }

  Pfn evict_main(FrameView& frames) {
    uint32_t page = lists_.front(kMain);
    for (uint64_t left = (kUsesMax + 1) * lists_.size(kMain); left > 0 && page != kNoIndex;
         --left) {
      const uint32_t looked_at = page;
      page = lists_.next(page);
      if (!frames.evictable(residents_.frame_of(looked_at))) continue;
      if (uses_[looked_at] == 0) return take(looked_at);
      --uses_[looked_at];
      lists_.move_to_back(kMain, looked_at);
      if (page == kNoIndex) page = looked_at;
    }
    return kNoPfn;
  }

  void remember(uint32_t page) {
    lists_.push_back(kGhost, page);
    if (lists_.size(kGhost) > main_pages_) lists_.remove(lists_.front(kGhost));
  }

  uint64_t small_pages_;
  uint64_t main_pages_;
  IndexLists<kLists> lists_;   // pages, the oldest in front
  std::vector<uint8_t> uses_;  // by PageId: since it came, up to kUsesMax
  Residents residents_;
  PageId recalled_ = kNoPage;  // it was remembered when it was about to come
};

}  // namespace

MadePolicy make_s3_fifo(const PolicyRequest& request) {
  NumberOption small{.name = "small", .value = 10, .min = 1, .max = 100};
  if (auto error = read_options("s3fifo", request.options, std::span(&small, 1))) return *error;
  const uint64_t frames = request.setting.frames;
  const uint64_t small_pages = share_of(frames, small.value);
  return made(std::make_unique<S3Fifo>(small_pages, frames - small_pages));
}

}  // namespace faultline::reclaim
