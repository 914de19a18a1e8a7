// RunMachine: the fast twin of Machine, for long traces: the same TLB, the same page tables, the
// same replacement policies, and of the kernel nothing but what a trace without mapping calls
// needs: each page that is touched has an inferred mapping. Every counter is what Machine counts
// for the same trace and options with Unmapped::kMap; a test holds the two together.
//
// It takes page runs, so that a thousand accesses to a page cost what one does. Each page has a
// number, by which all that is known of it lies in one flat array: its PTE's bits, what the TLB
// holds of it, when it was last used. A reference is one look there. Page tables are made as
// Machine's are, and hold nothing: once a page was in memory, a walk to it reads an entry of each
// level.
//
// Units: runs are of pages of 1 << kPageRunShift bytes; the machine's pages are as large or larger.
// Invariants, checked by validate():
//   1. the policy holds the frames in use, and no other
//   2. each frame in use is the one of its page, and each resident page has one and no other page
//      has, unless order_ is kOfUses, when only their number is right
//   3. the TLB holds resident pages alone
//   4. where order_ is kOfUses, resident pages have their last uses in uses_, no others have, and
//      no place there is behind the references that were made
// Owns: TLB, page tables, policy. Not thread-safe: many RunMachines are for many threads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <vector>

#include "faultline/options.h"
#include "faultline/page_run.h"
#include "faultline/policy.h"
#include "faultline/stats.h"
#include "sim/hw/page_table.h"
#include "sim/hw/paging_format.h"
#include "sim/hw/walk_cache.h"
#include "sim/reclaim/reference_log.h"
#include "sim/replay/kind_counts.h"
#include "sim/replay/page_ids.h"
#include "sim/replay/page_tlb.h"
#include "sim/replay/run_condenser.h"
#include "sim/replay/use_queue.h"

namespace faultline::replay {

class RunMachine final : private FrameView {
 public:
  // Whether it can stand in for a Machine of these options, as far as they go: pages of at least
  // the size of page runs, and inferred mappings.
  static bool can_replay(const MachineOptions& options);

  // REQUIRES: make_machine() takes `options`, and can_replay() does; `policy` is the one that they
  // name.
  RunMachine(const MachineOptions& options, std::unique_ptr<ReplacementPolicy> policy);
  // The policy is told of the last references.
  ~RunMachine() override { hand_over_log(); }
  RunMachine(const RunMachine&) = delete;
  RunMachine& operator=(const RunMachine&) = delete;

  // Says of which block the runs are that come; these it does not look at. False: it is of one
  // process more than kProcessesMax, and nothing was done. O(pages). REQUIRES: all blocks have
  // numbers for their pages, and none is left out, or no block has.
  [[nodiscard]] bool enter(const PageRunBlock& block);
  // REQUIRES: the runs are of the block that was entered last, and do not begin with a count of 0;
  // its pages are still there.
  void replay(std::span<const PageRun> runs);

  // Pages of runs, of 1 << kPageRunShift bytes, from this number on are not the program's.
  uint64_t user_page_runs() const { return user_pages_ << shift_; }

  // What its runs may be condensed for; nothing: they must come as they are.
  // For OPT, whose two passes must be told the same, `opt_frames` says how large memory is in the
  // second; 0: they are told everything.
  std::optional<CondenserLimits> condenser_limits(uint64_t opt_frames = 0) const;
  // As replay(), of what was made of the block by these limits, or by some that are alike and whose
  // frames_min is not larger.
  void replay(const CondensedRuns& condensed);

  Stats stats() const;
  // O(pages).
  void validate() const;

 private:
  // One process of the trace.
  struct Space {
    Space(Asid of, const hw::PagingFormat& format) : asid(of), table(format) {}
    Asid asid;
    hw::PageTable table;
  };

  using ReferenceLog = reclaim::ReferenceLog;

  static constexpr uint32_t kNoPageHeld = ~uint32_t{0};
  // All pages that are not the program's: never in memory.
  static constexpr uint32_t kForeignPage = 0;
  static constexpr size_t kRunsAtOnce = KindCounts::kRunsMax;
  // How the first level of the TLB is kept is thought over after so many runs.
  static constexpr size_t kRunsToJudge = 1024;

  // What a policy wants to know of references to pages that are in memory.
  enum class Telling : uint8_t { kNothing, kReferences };
  enum class TlbUse : bool { kNo, kYes };
  // Who knows which page is the least recent: the policy, or uses_.
  enum class Order : bool { kOfPolicy, kOfUses };
  // Whether runs come often whose page is that of the run before.
  enum class Repeats : bool { kFew, kMany };

  uint64_t now() const override { return references_; }
  uint64_t last_reference(Pfn frame) const override { return tlb_.last_use(state_in(frame)); }
  bool test_and_clear_accessed(Pfn frame) override;
  bool dirty(Pfn frame) const override { return (state_in(frame).flags & kDirty) != 0; }
  bool evictable(Pfn) const override { return true; }
  void fetch_ahead(Pfn frame) const override { __builtin_prefetch(&state_in(frame), 1); }

  const PageState& state_in(Pfn frame) const { return states_[held_[frame.value]]; }
  // Whether the access needs neither the second level of the TLB nor a walk.
  static bool serves(uint32_t all_served, const PageState& state, AccessKind kind) {
    return (all_served >> (8 * unsigned(kind)) & 0xff & ~state.flags) == 0;
  }
  Space* find_or_make_space(uint32_t pid);
  void number_pages(const PageRunBlock& block);
  // Here and below `count` of the runs are replayed, and the others come later.
  void replay_by_parts(std::span<const PageRun> runs, size_t count);
  // `next` come behind `runs`.
  void replay_by_marks(std::span<const PageRun> runs, std::span<const PageRun> next);
  template <Telling kTelling, TlbUse kTlb>
  void replay_runs(std::span<const PageRun> runs);
  // The state of a run's page.
  uint32_t page_of(PageRun run) const {
    return by_number_ ? run.page() + 1 : block_pages_[run.page()];
  }
  // Of the block's page of that index.
  Vpn vpn_of(size_t index) const { return {block_vpns_[index] >> shift_}; }
  void replay_slowly(const PageRun& run);
  bool goes_on_in_page(const PageRun& run) const;
  void fail(const PageRun& run);
  void choose_keeping(size_t runs);
  void order_by_uses();
  void order_by_policy();
  // What replay_by_rows() counts.
  struct RowCounts {
    KindCounts by_kind{};
    PageTlb::RowUses row_uses{};
    uint64_t walks = 0;
    uint64_t returned = 0;  // faults of pages that were here before, a walk each besides
    uint64_t evictions = 0;
    uint64_t dirty_evictions = 0;
  };
  void add(RowCounts counts);
  static void use_again(PageRun run, PageState& state, RowCounts& counts);
  static uint64_t take_repeats(std::span<const PageRun> runs, size_t& i, PageState& state,
                               RowCounts& counts);
  bool replay_plainly(std::span<const PageRun> runs, size_t count);
  template <Repeats kRepeats>
  void replay_plain_runs(std::span<const PageRun> runs, size_t count);
  void replay_by_rows(std::span<const PageRun> runs, size_t count);
  template <PageTlb::Ways kWays>
  void replay_by_rows(std::span<const PageRun> runs, size_t count);
  template <PageTlb::Ways kWays, Order kOrder, Repeats kRepeats>
  void replay_by_rows(std::span<const PageRun> runs, size_t count);
  template <PageTlb::Ways kWays, Order kOrder>
  void bring_in_to_rows(uint32_t page, UseQueue& uses, RowCounts& counts);
  template <PageTlb::Ways kWays>
  void replace_least_recent(PageState& state, UseQueue& uses, RowCounts& counts);
  auto time_of() {
    return [states = states_.data()](uint32_t page) -> uint64_t& { return states[page].last_use; };
  }
  void count_served(KindCounts by_kind);
  void count_accesses(AccessKind kind, uint64_t count);
  void count_lookups(AccessKind kind, uint64_t count);
  void count_walk(const PageState& state, hw::WalkResult walk);
  void count_whole_walk(const PageState& state, bool permitted);
  void flush(uint32_t page);
  void refer(uint32_t page, AccessKind kind, uint64_t count);
  void note_hits(uint32_t page, AccessKind kind, uint64_t count);
  void refer_slowly(uint32_t page, AccessKind kind);
  void reach(uint32_t page, AccessKind kind);
  void miss(uint32_t page, AccessKind kind);
  void count_fault(const PageState& state);
  void bring_in(uint32_t page);
  Pfn take_frame(PageId incoming);
  void evict(Pfn victim);
  void log(const Reference& reference) {
    if (log_.join(reference)) return;
    if (log_.full()) hand_over_log();
    log_.add(reference);
  }
  void hand_over_log();
  void give_up_early();
  void pass_tick();

  const hw::PagingFormat format_;
  const unsigned shift_;       // what a page of runs has to be shifted by to be the machine's
  const uint64_t user_pages_;  // pages from this number on are not the program's
  const std::unique_ptr<ReplacementPolicy> policy_;  // null: memory is unlimited
  const uint64_t frames_max_;
  const bool logs_;       // the policy is told of every reference
  const uint64_t ticks_;  // references from one of its ticks to the next; 0: none
  uint64_t next_tick_;

  PageIds ids_{};      // by hw::tlb_tag
  PageStates states_;  // by number of the page; kForeignPage is never resident
  PageTlb tlb_;
  uint32_t served_ = 0;                        // PageTlb::served(), a byte for each AccessKind
  std::unique_ptr<hw::WalkCache> walk_cache_;  // null: there is none
  WalkStats walks_;
  // Where a tick or a policy may take an accessed bit away within a run, or walks depend on each
  // other, the TLB keeps marks alone.
  bool can_keep_rows_ = false;
  // While rows are kept, under LRU, the times of pages (PageState::last_use) may be those of
  // uses_, which finds the victims then; the policy sleeps, and which frame a page has is not said
  // before it wakes. To it that is as if each frame that changed its page had been used.
  Order order_ = Order::kOfPolicy;
  UseQueue uses_;
  uint64_t ordered_last_ = 0;         // evictions when order_ was last changed
  std::map<uint32_t, Space> spaces_;  // by pid
  Space* space_ = nullptr;            // of the block
  uint32_t pid_ = 0;
  std::span<const uint64_t> block_vpns_;
  std::vector<uint32_t> block_pages_;  // the numbers of the block's pages
  bool by_number_ = false;             // the block comes by number, and these are not set

  std::vector<uint32_t> held_;  // by Pfn: the page that the frame holds; frame 0 is none
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> freed_;
  ReferenceLog log_;
  uint64_t in_use_ = 0;
  uint64_t peak_in_use_ = 0;
  uint64_t references_ = 0;
  bool many_slow_ = false;      // lately
  size_t judged_runs_ = 0;      // since the TLB's keeping was chosen
  uint64_t judged_misses_ = 0;  // of its first level, until then
  AccessStats accesses_;
  FaultStats faults_;
  uint64_t evictions_ = 0;
  uint64_t dirty_evictions_ = 0;
};

}  // namespace faultline::replay
