#include "tests/reclaim/page_replay.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace faultline::testing {

PageReplay::PageReplay(std::unique_ptr<ReplacementPolicy> policy, uint64_t frame_count)
    : policy_(std::move(policy)),
      sees_(policy_->sees()),
      tick_(policy_->tick_references()),
      page_in_(frame_count + 1),
      last_(frame_count + 1),
      accessed_(frame_count + 1),
      dirty_(frame_count + 1) {
  for (uint64_t i = frame_count; i > 0; --i) free_.push_back(Pfn{static_cast<uint32_t>(i)});
}

void PageReplay::refer(const Run& run) {
  Run left = run;
  while (left.count > 0) {
    Run part = left;
    if (tick_ != 0)
      part.count = static_cast<uint32_t>(std::min<uint64_t>(left.count, tick_ - now_ % tick_));
    refer_between_ticks(part);
    left.count -= part.count;
    if (tick_ == 0 || now_ % tick_ != 0) continue;
    hand_over();
    policy_->on_tick(*this);
    give_up_early();
  }
}

void PageReplay::refer_between_ticks(const Run& run) {
  if (run.page >= frame_of_.size()) frame_of_.resize(run.page + size_t{1}, kNoPfn);
  const uint64_t before = now_;
  Pfn frame = frame_of_[run.page];
  const bool miss = frame == kNoPfn;
  if (miss) frame = bring_in(run.page);
  const uint32_t hits = run.count - (miss ? 1 : 0);
  now_ += run.count;
  last_[frame.value] = now_;
  if (!miss || hits > 0 || policy_->enters_referenced()) accessed_[frame.value] = 1;
  if (run.store) dirty_[frame.value] = 1;
  if (sees_ != PolicySees::kEveryReference) return;
  if (log_.size() == kLogMax) hand_over();
  log_.push_back({.position = before + 1,
                  .frame = frame,
                  .hits = hits & 0x7fffffff,
                  .brought_in = miss ? 1u : 0u});
}

bool PageReplay::test_and_clear_accessed(Pfn frame) {
  return std::exchange(accessed_[frame.value], uint8_t{0}) != 0;
}

void PageReplay::hand_over() {
  if (!log_.empty()) policy_->on_references(log_);
  log_.clear();
}

void PageReplay::free(Pfn victim) {
  FL_CHECK(frame_of_[page_in_[victim.value]] == victim);
  frame_of_[page_in_[victim.value]] = kNoPfn;
  free_.push_back(victim);
  ++evictions_;
  --resident_;
}

Pfn PageReplay::bring_in(uint32_t page) {
  hand_over();
  ++misses_;
  give_up_early();
  if (free_.empty()) {
    const Pfn victim = policy_->choose_victim(*this, PageId{page});
    FL_CHECK(victim != kNoPfn);
    free(victim);
  }
  const Pfn frame = free_.back();
  free_.pop_back();
  ++resident_;
  frame_of_[page] = frame;
  page_in_[frame.value] = page;
  accessed_[frame.value] = 0;
  dirty_[frame.value] = 0;
  policy_->on_insert(frame, PageId{page});
  return frame;
}

void PageReplay::give_up_early() {
  if (!policy_->gives_up_early()) return;
  for (Pfn victim = policy_->choose_early(*this); victim != kNoPfn;
       victim = policy_->choose_early(*this))
    free(victim);
}

}  // namespace faultline::testing
