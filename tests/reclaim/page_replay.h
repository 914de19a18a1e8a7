// PageReplay: a policy and some frames, fed with runs of references to pages: what a replay of
// replacement alone needs. Quick enough for whole traces.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "faultline/policy.h"

namespace faultline::testing {

// `count` references to one page, one after the other.
struct Run {
  uint32_t page;  // from 0, dense
  uint32_t count;
  bool store = false;  // whether each of them is one
};

class PageReplay : private FrameView {
 public:
  PageReplay(std::unique_ptr<ReplacementPolicy> policy, uint64_t frame_count);

  void refer(const Run& run);

  uint64_t misses() const { return misses_; }
  uint64_t evictions() const { return evictions_; }
  uint64_t resident_pages() const { return resident_; }
  const ReplacementPolicy& policy() const { return *policy_; }

 private:
  static constexpr size_t kLogMax = 100;

  uint64_t now() const override { return now_; }
  uint64_t last_reference(Pfn frame) const override { return last_[frame.value]; }
  bool test_and_clear_accessed(Pfn frame) override;
  bool dirty(Pfn frame) const override { return dirty_[frame.value] != 0; }
  bool evictable(Pfn) const override { return true; }

  // No tick but after the last of them.
  void refer_between_ticks(const Run& run);
  void hand_over();
  void free(Pfn victim);
  void give_up_early();
  Pfn bring_in(uint32_t page);

  std::unique_ptr<ReplacementPolicy> policy_;
  PolicySees sees_;
  uint64_t tick_;
  std::vector<Pfn> frame_of_;      // by page
  std::vector<uint32_t> page_in_;  // by Pfn
  std::vector<uint64_t> last_;     // by Pfn
  std::vector<uint8_t> accessed_;  // by Pfn
  std::vector<uint8_t> dirty_;     // by Pfn
  std::vector<Pfn> free_;
  std::vector<Reference> log_;
  uint64_t now_ = 0;
  uint64_t misses_ = 0;
  uint64_t evictions_ = 0;
  uint64_t resident_ = 0;
};

}  // namespace faultline::testing
