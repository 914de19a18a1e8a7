// linux: the active and the inactive list of Linux without multi-generational LRU. Pages come to
// the head of the inactive list and are reclaimed from its tail. A page found used there goes
// around once more, with PG_referenced; found used again it becomes active. Where the inactive list
// is low, active pages from the tail become inactive; they keep PG_referenced, so that one use is
// enough to make them active again. A page that comes back with a refault distance of no more than
// there are active pages becomes active at once.
//
// The refault distance counts evictions, its own included, and activations since (nonresident_age);
// the age at which each page was evicted is its shadow entry.
//
// Differs from Linux: one pair of lists for anonymous pages and pages of files, where Linux has two
// and balances them by swappiness; executable mappings have no privilege; a page mapped several
// times counts as used once; pages are scanned one by one as they are needed, and active ones made
// inactive by 32 at once.
// Source: Linux mm/vmscan.c folio_check_references(), shrink_active_list(), inactive_is_low();
// mm/workingset.c workingset_eviction(), workingset_refault(), 6.18.
//
// Invariants, checked by validate():
//   1. those of IndexLists and Residents
//   2. the frames of both lists are those that hold pages
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"
#include "sim/reclaim/residents.h"

namespace faultline::reclaim {
namespace {

constexpr uint64_t kSwapClusterMax = 32;
constexpr uint64_t kPagesPerGib = 1 << 18;

uint64_t square_root(uint64_t value) {
  uint64_t root = 0;
  while ((root + 1) * (root + 1) <= value) ++root;
  return root;
}

class LinuxLists : public ReplacementPolicy {
 public:
  PolicySees sees() const override { return PolicySees::kAccessedBits; }
  bool knows_pages() const override { return true; }

  void on_insert(Pfn frame, PageId page) override {
    residents_.insert(frame, page);
    if (frame.value >= referenced_.size()) referenced_.resize(frame.value + size_t{1});
    referenced_[frame.value] = false;
    if (page.value >= shadows_.size()) shadows_.resize(page.value + size_t{1});
    const uint64_t shadow = std::exchange(shadows_[page.value], 0);
    const bool active = shadow != 0 && nonresident_age_ - (shadow - 1) <= lists_.size(kActive);
    if (active) ++nonresident_age_;
    lists_.push_front(active ? kActive : kInactive, frame.value);
  }

  void on_remove(Pfn frame) override {
    residents_.remove(frame);
    lists_.remove(frame.value);
  }

  // O(frames) at worst: each page is met three times at most.
  Pfn choose_victim(FrameView& frames, PageId) override {
    for (uint64_t left = 4 * residents_.size(); left > 0; --left) {
      if (inactive_is_low()) deactivate(frames);
      if (lists_.empty(kInactive)) break;
      const Pfn frame{lists_.back(kInactive)};
      if (!frames.evictable(frame)) {
        lists_.move_to_front(kInactive, frame.value);
      } else if (!frames.test_and_clear_accessed(frame)) {
        return evict(frame);
      } else if (referenced_[frame.value]) {
        activate(frame);
      } else {
        referenced_[frame.value] = true;
        lists_.move_to_front(kInactive, frame.value);
      }
    }
    return take_any(frames);
  }

  uint64_t size() const override { return residents_.size(); }

  void validate() const override {
    lists_.validate();
    residents_.validate();
    FL_CHECK(lists_.size(kActive) + lists_.size(kInactive) == residents_.size());  // 2
    for (const List list : {kActive, kInactive})
      for (uint32_t i = lists_.front(list); i != kNoIndex; i = lists_.next(i))
        FL_CHECK_MSG(residents_.page_in(Pfn{i}) != kNoPage, "linux: frame {}", i);  // 2
  }

 private:
  enum List : size_t { kActive, kInactive, kLists };

  // The more memory there is, the smaller the share of inactive pages that is enough.
  bool inactive_is_low() const {
    const uint64_t gib = residents_.size() / kPagesPerGib;
    const uint64_t ratio = gib == 0 ? 1 : square_root(10 * gib);
    return lists_.size(kInactive) * ratio < lists_.size(kActive);
  }

  // Whether they were used does not matter here: as inactive pages they may show it.
  void deactivate(FrameView& frames) {
    for (uint64_t i = 0; i < kSwapClusterMax && !lists_.empty(kActive); ++i) {
      const uint32_t frame = lists_.back(kActive);
      (void)frames.test_and_clear_accessed(Pfn{frame});
      lists_.remove(frame);
      lists_.push_front(kInactive, frame);
    }
  }

  // PG_referenced stays.
  void activate(Pfn frame) {
    ++nonresident_age_;
    lists_.remove(frame.value);
    lists_.push_front(kActive, frame.value);
  }

  // The shadow is one more than the age was, so that 0 is none. By one the eviction itself ages.
  Pfn evict(Pfn frame) {
    shadows_[residents_.page_in(frame).value] = nonresident_age_ + 1;
    ++nonresident_age_;
    on_remove(frame);
    return frame;
  }

  // The rest may not be given up, or all were used: any page that may.
  Pfn take_any(FrameView& frames) {
    for (const List list : {kInactive, kActive}) {
      for (uint32_t i = lists_.back(list); i != kNoIndex; i = lists_.previous(i))
        if (frames.evictable(Pfn{i})) return evict(Pfn{i});
    }
    return kNoPfn;
  }

  IndexLists<kLists> lists_;       // frames, the head in front
  std::vector<bool> referenced_;   // by Pfn: PG_referenced
  std::vector<uint64_t> shadows_;  // by PageId: nonresident_age_ at its eviction; 0: none
  uint64_t nonresident_age_ = 0;
  Residents residents_;
};

}  // namespace

MadePolicy make_linux(const PolicyRequest& request) {
  if (auto error = read_options("linux", request.options, {})) return *error;
  return made(std::make_unique<LinuxLists>());
}

}  // namespace faultline::reclaim
