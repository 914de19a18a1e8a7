// SmallMemory: some frames, a policy and a string of page references: the least in which a policy
// can be tried. No page tables, no TLB: a page has a frame, an accessed bit and a position. Its
// number (PageId) is the page itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/policy.h"

namespace faultline::testing {

class SmallMemory : public FrameView {
 public:
  // How a policy that is told of references is: each by itself, some at once; or rows of them to
  // one page as one.
  enum class Told : bool { kOneByOne, kJoined };

  // `frame_count` frames, numbered from 1 as the machine's are.
  SmallMemory(std::unique_ptr<ReplacementPolicy> policy, uint64_t frame_count,
              Told how = Told::kOneByOne);

  // References the page, evicting another where needed. False: it is not resident and nothing can
  // be evicted.
  bool reference(uint64_t page);
  // References each letter's page; returns the misses.
  uint64_t reference_all(std::string_view pages);
  // The page leaves without being chosen, if it is resident.
  void unmap(uint64_t page);
  // Takes a frame that holds nothing yet and may not be given up; its Pfn.
  Pfn take_pinned();
  void lock(uint64_t page) { locked_.insert(page); }
  void unlock(uint64_t page) { locked_.erase(page); }
  void set_dirty(uint64_t page) { dirty_.insert(page); }

  uint64_t resident_pages() const { return resident_.size(); }
  uint64_t misses() const { return misses_; }
  // The pages that were evicted, oldest first, as letters.
  const std::string& evicted() const { return evicted_; }
  // The pages by frame, as letters; '.' is a free frame.
  std::string picture() const;
  ReplacementPolicy& policy() { return *policy_; }

  uint64_t now() const override { return position_; }
  uint64_t last_reference(Pfn frame) const override;
  bool test_and_clear_accessed(Pfn frame) override;
  bool dirty(Pfn frame) const override { return dirty_.contains(frames_[frame.value].page); }
  bool evictable(Pfn frame) const override;

 private:
  struct Frame {
    bool taken = false;
    uint64_t page = kNoPage;
    uint64_t position = 0;
    bool accessed = false;
  };
  static constexpr uint64_t kNoPage = ~uint64_t{0};

  // The lowest free frame, after an eviction where none is free; kNoPfn: none can be had.
  Pfn take(PageId page);
  void free(Pfn victim);
  void give_up_early();
  // Tells the policy of the reference just done, as it wants to be told.
  void tell(Reference reference);
  void hand_over();

  std::unique_ptr<ReplacementPolicy> policy_;
  Told how_;
  std::vector<Frame> frames_;  // [0] is not used
  std::map<uint64_t, Pfn> resident_;
  std::set<uint64_t> locked_;
  std::set<uint64_t> dirty_;
  std::vector<Reference> told_;  // to be handed over
  std::string evicted_;
  uint64_t position_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace faultline::testing
