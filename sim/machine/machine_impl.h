// MachineImpl: the wiring. It owns every component of the simulated machine, and the one access
// loop (access.cc), which alone joins the MMU, the fault handler and the TLB's flushes.
//
// Invariants, checked by validate() besides those of each component:
//   1. the gather is empty between calls
//   2. no TLB entry grants more than its PTE does
//   3. misses <= references, and cold misses <= misses
//   4. a frame's refcount is the number of PTEs that map it, and one more when a page cache holds
//   it
//   5. the references to swap slots are as many as the swap entries in the page tables
//   6. the pages promised are the accounted ones of the spaces and the shared anonymous objects
//   7. the processes that live are those that say so, each under a number of its own
// Owns: everything below. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "faultline/machine.h"
#include "faultline/policy.h"
#include "sim/base/check.h"
#include "sim/base/clock.h"
#include "sim/cache/page_cache.h"
#include "sim/fault/fault_handler.h"
#include "sim/hw/mmu.h"
#include "sim/hw/paging_format.h"
#include "sim/hw/tlb_gather.h"
#include "sim/machine/flusher.h"
#include "sim/machine/page_set.h"
#include "sim/machine/vm_settings.h"
#include "sim/mm/commit_account.h"
#include "sim/phys/frame_allocator.h"
#include "sim/phys/frame_table.h"
#include "sim/proc/advice_calls.h"
#include "sim/proc/files.h"
#include "sim/proc/memory_calls.h"
#include "sim/proc/proc_fs.h"
#include "sim/reclaim/reclaimer.h"
#include "sim/reclaim/swap_out.h"
#include "sim/rmap/reverse_map.h"
#include "sim/storage/disk.h"
#include "sim/storage/swap_device.h"

namespace faultline::machine {

class ProcessImpl;

// A page made ready for an access, or why it is not.
struct Touch {
  Pfn pfn = kNoPfn;
  std::optional<SigInfo> signal{};
  bool out_of_memory = false;
  bool ok() const { return pfn != kNoPfn; }
};

class MachineImpl final : public Machine,
                          public base::CrashContext,
                          private reclaim::EvictionListener,
                          private cache::WriteBackListener {
 public:
  MachineImpl(const MachineOptions& options, const hw::PagingFormat& format,
              std::unique_ptr<ReplacementPolicy> policy);
  ~MachineImpl() override;

  Process& start_process() override;
  Process& start_empty_process() override;
  bool access(Process& process, std::span<const Access> block,
              std::vector<SignalledAccess>* signalled) override;
  Result<void> load_maps(Process& process, std::span<const MapsLine> lines) override;
  Result<void> create_file(std::string_view path, uint64_t size_bytes, uint64_t seed) override;
  Result<void> sysctl(std::string_view name, uint64_t value) override;
  Result<void> sleep(uint64_t seconds) override;
  const Stats& stats() override;
  void set_event_sink(EventSink* sink) override;
  void validate() override;

  // --- for ProcessImpl ---

  // Makes the page of a user access ready, handling faults until it is or is known not to be. A
  // page that is ready counts as a reference.
  Touch touch(ProcessImpl& process, VirtAddr address, AccessKind kind);
  // Lets the TLB forget what was gathered: after each system call, and before each retry.
  void flush_tlb() { mmu_.apply(gather_); }
  // After a call or an access that may have made pages dirty: the flusher writes if they are too
  // many.
  void balance_dirty() {
    flusher_.balance(gather_);
    flush_tlb();
  }

 private:
  friend class ProcessImpl;
  friend struct MachineBenchPeer;
  friend struct MachineTestPeer;

  // Each of the loop's functions exists twice, with the events and without: whether somebody
  // listens is asked once a block. So is whether the policy watches each reference.
  template <bool kEvents, bool kWatched>
  bool access_block(ProcessImpl& process, std::span<const Access> block);
  template <bool kEvents>
  bool access_slowly(ProcessImpl& process, const Access& access);
  template <bool kEvents>
  Touch touch_page(ProcessImpl& process, VirtAddr address, AccessKind kind);
  template <bool kEvents>
  fault::FaultOutcome handle_fault(ProcessImpl& process, const hw::PageFault& fault);
  // What happened to a frame: as an event of its first mapping.
  void emit_of(const rmap::Mapping& mapping, Event event) const;
  void on_evict(const reclaim::Eviction& eviction) override;
  void on_write_back(const cache::Backing& backing, uint64_t pgoff, Pfn pfn) override;
  void emit(const Event& event) const;
  void count_accesses(AccessKind kind, uint64_t count);
  void count_hits(uint64_t by_kind);
  std::unique_ptr<mm::AddressSpace> make_space(const mm::AddressSpaceOptions& options);
  std::shared_ptr<cache::Backing> make_shared_anon(uint64_t size_bytes);
  Result<void> load_line(mm::AddressSpace& space, const MapsLine& line);
  Result<std::shared_ptr<cache::OpenFile>> open_mapped_file(const std::string& path,
                                                            uint64_t size_bytes);
  std::unique_ptr<reclaim::Reclaimer> make_reclaimer();
  proc::AdviceCalls::Services advice_services();
  proc::Files::Parts file_parts();
  Pid next_pid();
  ProcessImpl& add_process(std::unique_ptr<proc::Task> task);
  // Those of the living processes, each once.
  std::vector<mm::AddressSpace*> spaces() const;
  // The process of that number that lives, or null.
  ProcessImpl* find_living(int64_t pid) const;
  // The processes that have ended and that nobody has waited for yet: each has a living parent.
  std::vector<const proc::Task*> zombies() const;
  Asid take_asid();
  struct Referenced {
    Pfn pfn;
    bool walked;
    bool missed;
  };
  void pass_tick();
  void note_reference(Asid asid, Vpn vpn, const Referenced& how);
  void count_signal(SignalCode code);
  void note_signalled(const Access& access, VirtAddr address);

  void print_crash_context(std::FILE* out) const override;
  void validate_tlb() const;
  void validate_frames() const;
  void validate_swap() const;
  void validate_commit() const;
  void validate_processes() const;

  MachineOptions options_;
  const hw::PagingFormat format_;
  const PageSize page_size_;
  Stats stats_;
  base::VirtualClock clock_;
  mm::CommitAccount commit_;
  uint64_t max_map_count_;  // vm.max_map_count
  VmSettings vm_settings_;
  phys::FrameTable frames_;
  phys::FrameAllocator allocator_;
  rmap::ReverseMap rmap_;
  storage::Disk disk_;
  storage::SwapDevice swap_device_;
  cache::PageCache cache_;
  reclaim::SwapOut swap_;
  Flusher flusher_;
  std::unique_ptr<ReplacementPolicy> policy_;      // null when memory is unlimited
  std::unique_ptr<reclaim::Reclaimer> reclaimer_;  // likewise
  hw::Mmu mmu_;
  hw::TlbGather gather_;
  fault::FaultHandler fault_handler_;
  proc::MemoryCalls memory_calls_;
  proc::ProcFs proc_fs_;
  proc::AdviceCalls advice_calls_;
  proc::Files kernel_files_;                             // for files made by no process
  std::vector<std::unique_ptr<ProcessImpl>> processes_;  // ended ones too
  std::vector<ProcessImpl*> living_;                     // oldest first
  uint32_t last_pid_ = 0;
  std::vector<PageSet> pages_touched_;  // by Asid, of the address space that has it
  uint64_t next_validation_ = 0;        // in accesses; options_.paranoid_interval
  EventSink* sink_ = nullptr;
  std::vector<SignalledAccess>* signalled_ = nullptr;  // of the accesses that are being made
  const Access* first_access_ = nullptr;               // of their block
};

}  // namespace faultline::machine
