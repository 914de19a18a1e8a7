// RunMachine: the fast twin of Machine, for long traces: the same TLB, the same page tables, the
// same replacement policies, and of the kernel nothing but what a trace without mapping calls
// needs: each page that is touched has an inferred mapping. Every counter is what Machine counts
// for the same trace and options with Unmapped::kMap; a test holds the two together.
//
// It takes page runs, so that a thousand accesses to a page cost what one does.
//
// Units: runs are of pages of 1 << kPageRunShift bytes; the machine's pages are as large or larger.
// Invariants, checked by validate():
//   1. the policy holds the frames in use, and no other
//   2. each frame in use is the one that its page's PTE names
//   3. no TLB entry names another frame than its page's PTE, or grants more
// Owns: TLB, page tables, policy. Not thread-safe: many RunMachines are for many threads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <span>
#include <vector>

#include "faultline/options.h"
#include "faultline/page_run.h"
#include "faultline/policy.h"
#include "faultline/stats.h"
#include "sim/hw/mmu.h"
#include "sim/hw/page_table.h"
#include "sim/hw/paging_format.h"
#include "sim/reclaim/reference_log.h"
#include "sim/replay/traced_processes.h"

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

  // False: it is of one process more than kProcessesMax, and nothing was done. REQUIRES: the block
  // has no call.
  [[nodiscard]] bool replay(const PageRunBlock& block);

  Stats stats() const;
  // O(frames).
  void validate() const;

 private:
  // One process of the trace.
  struct Space {
    Space(Asid of, const hw::PagingFormat& format) : asid(of), table(format) {}
    Asid asid;
    hw::PageTable table;
  };
  // The page that a frame holds.
  struct Held {
    Space* space = nullptr;  // null: none
    Vpn vpn{};
    PageId page = kNoPage;
  };

  // What a policy wants to know of references to pages that are in memory.
  enum class Telling : uint8_t { kNothing, kLast, kReferences };

  uint64_t now() const override { return references_; }
  uint64_t last_reference(Pfn frame) const override { return last_references_[frame.value]; }
  bool test_and_clear_accessed(Pfn frame) override;
  bool dirty(Pfn frame) const override;
  bool evictable(Pfn) const override { return true; }

  Space* find_or_make_space(TraceTask task);
  hw::Pte pte_of(Pfn frame) const;
  // Whether a page of the machine holds several of page runs.
  enum class Pages : bool { kAsRuns, kLarger };
  template <Pages kPages>
  void replay_some(Space& space, std::span<const uint64_t> pages, std::span<const PageRun> runs);
  template <Telling kTelling, Pages kPages>
  void replay_runs(Space& space, std::span<const uint64_t> pages, std::span<const PageRun> runs);
  void replay_slowly(Space& space, Vpn vpn, PageRun run);
  void count_accesses(AccessKind kind, uint64_t count);
  void refer(Space& space, Vpn vpn, AccessKind kind, uint64_t count);
  void note_hits(Pfn frame, AccessKind kind, uint64_t count);
  void refer_slowly(Space& space, Vpn vpn, AccessKind kind);
  void bring_in(Space& space, Vpn vpn);
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
  const bool stamps_;     // the policy goes by the last references
  const bool logs_;       // it is told of every reference
  const uint64_t ticks_;  // references from one of its ticks to the next; 0: none
  uint64_t next_tick_;
  hw::Mmu mmu_;
  std::map<uint32_t, Space> spaces_;  // by pid
  Space* space_ = nullptr;            // the last that was asked for, of `pid_`
  uint32_t pid_ = 0;
  Vpn last_vpn_{};  // of the last run, where pages are larger than those of runs

  std::vector<Held> held_;                 // by Pfn; frame 0 is none
  std::vector<uint64_t> last_references_;  // by Pfn
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> freed_;
  reclaim::ReferenceLog log_;
  uint64_t in_use_ = 0;
  uint64_t peak_in_use_ = 0;
  uint32_t pages_ = 0;  // ever brought in
  uint64_t references_ = 0;
  AccessStats accesses_;
  FaultStats faults_;
  uint64_t evictions_ = 0;
  uint64_t dirty_evictions_ = 0;
};

}  // namespace faultline::replay
