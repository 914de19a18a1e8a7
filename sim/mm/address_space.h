// AddressSpace: the VMAs and the page table of one process: Linux's mm_struct (and not its struct
// address_space, which is our cache::Backing).
//
// It says what mmap, munmap, mprotect, brk and stack growth say, with Linux's answers and errors in
// Linux's order, and it is the one place where leaf PTEs are written: a PTE, its entry in the
// reverse map, the frame's reference that it holds, and the resident-set counters change together.
// The contents of pages are not its matter.
//
// Units: addresses and lengths in bytes, counters in pages. Row numbers (A4, C10) are those of
// docs/fidelity.md.
// A row of calls: validate(), and with it these invariants, hold after each:
//   1. VmaTree's
//   2. map_count, total_vm, data_vm, stack_vm, exec_vm, locked_vm and accounted_vm equal a recount,
//      locked_vm with its orphans
//   3. every PTE that is not none lies inside a VMA
//   4. no PTE grants what its VMA does not; a PTE of a PROT_NONE VMA maps nothing to the hardware
//   5. a PTE that holds a frame has an entry in the reverse map, except the zero page
//   6. rss_anon, rss_file, rss_shmem and swap entries equal a recount
//   7. where the last call had to merge, no two neighbours could be merged
//   8. the spaces noted for each Backing are those that have a VMA of it
//   9. guard markers lie in VMAs flagged kVmMaybeGuard
//   10. an anonymous page that its PTE lets be stored to is kFrameAnonExclusive, and a page that is
//       has no other PTE
// Owns: its VMAs, its page table, one reference to the frame of each of its present PTEs and to the
// slot of each of its swap entries. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "faultline/access.h"
#include "faultline/process.h"
#include "faultline/result.h"
#include "faultline/types.h"
#include "sim/hw/page_table.h"
#include "sim/hw/tlb_gather.h"
#include "sim/mm/address_space_options.h"
#include "sim/mm/advice.h"
#include "sim/mm/commit_account.h"
#include "sim/mm/merge.h"
#include "sim/mm/mm_counters.h"
#include "sim/mm/sync_plan.h"
#include "sim/mm/vma.h"
#include "sim/mm/vma_tree.h"
#include "sim/phys/frame_allocator.h"
#include "sim/phys/frame_table.h"
#include "sim/rmap/mapping_space.h"
#include "sim/rmap/reverse_map.h"
#include "sim/rmap/swap_slots.h"

namespace faultline::mm {

// Whether a new PTE grants stores. A PTE that does not is there to be broken by the next store; one
// that is dirty is as after a store.
enum class PteWrite : uint8_t { kNo, kYes, kDirty };

class AddressSpace final : public rmap::MappingSpace {
 public:
  AddressSpace(const AddressSpaceParts& parts, const AddressSpaceOptions& options);
  // REQUIRES: destroy() was called.
  ~AddressSpace() override;

  hw::PageTable& page_table() { return page_table_; }
  const hw::PageTable& page_table() const { return page_table_; }
  Asid asid() const { return options_.asid; }
  PageSize page_size() const { return page_table_.format().page_size(); }
  const AddressSpaceOptions& options() const { return options_; }
  void set_limits(const Limits& limits) { options_.limits = limits; }
  // vm.max_map_count.
  void set_max_map_count(uint64_t count) { options_.max_map_count = count; }
  // personality(2). With READ_IMPLIES_EXEC what may be read may be executed too, from now on; no
  // other bit matters before exec.
  void set_persona(uint64_t persona) { options_.persona = persona; }
  // PR_SET_MDWE of prctl(2): with PR_MDWE_REFUSE_EXEC_GAIN no memory is writable and executable, or
  // becomes executable.
  void set_mdwe(uint64_t bits) { options_.mdwe = bits; }
  void set_thp_disable(uint64_t answer) { options_.thp_disable = answer; }

  // ---- System calls. Each may leave ranges to be faulted in: see take_populate().

  // mmap(2), rows A1 and A3 to A15, B and C. The address of the mapping.
  // Errors, in this order; nothing has changed unless said:
  //   kEINVAL (offset unaligned, MAP_HUGETLB on a file, unknown huge page size, length 0), kENOMEM
  //   (no huge pages; length wraps), kEOVERFLOW (offset + length wraps), kENOMEM (max_map_count
  //   passed; no room), kEINVAL (MAP_FIXED unaligned), kEPERM (below the lowest address), kEEXIST
  //   (MAP_FIXED_NOREPLACE), kEPERM, kEAGAIN (RLIMIT_MEMLOCK), kEOVERFLOW, kEOPNOTSUPP, kEACCES,
  //   kENODEV, kEINVAL (of the file and the type), kENOMEM (max_map_count, RLIMIT_AS, RLIMIT_DATA,
  //   overcommit; VMAs may have been split at the ends of the range), kEOPNOTSUPP (MAP_SYNC),
  //   kENOMEM (a shared anonymous object larger than memory): what MAP_FIXED was to replace is
  //   gone.
  // Source: mmap(2); Linux mm/mmap.c do_mmap(), mm/vma.c __mmap_region().
  Result<VirtAddr> map(const MapRequest& request, hw::TlbGather& gather);

  // munmap(2), row C9. Ranges with no mapping succeed; page tables left empty are freed.
  // Errors: kEINVAL (start unaligned, range empty or beyond user space); kENOMEM (a split in the
  // middle at max_map_count); kEPERM (sealed). Nothing is unmapped then.
  // Source: munmap(2); Linux mm/vma.c do_vmi_munmap(), vms_gather_munmap_vmas().
  Result<void> unmap(VirtAddr start, uint64_t length_bytes, hw::TlbGather& gather);

  // mprotect(2), rows C5, C11 to C13. Pages stay.
  // Errors: kEINVAL (PROT_GROWSUP with PROT_GROWSDOWN, start unaligned), kENOMEM (wraps), kEINVAL
  // (unknown bits), kENOMEM (start unmapped), kEINVAL (PROT_GROWSDOWN on another mapping): nothing
  // has changed. kENOMEM (a hole; limits; splits), kEACCES, kEPERM (sealed): what lies before the
  // place of the error has been changed.
  // Source: mprotect(2); Linux mm/mprotect.c do_mprotect_pkey(), mprotect_fixup().
  Result<void> protect(VirtAddr start, uint64_t length_bytes, uint64_t prot, hw::TlbGather& gather);

  // brk(2) as the kernel answers it: the new break, or the old one where it cannot be moved. C14.
  // Source: Linux mm/mmap.c brk(), mm/vma.c do_brk_flags().
  VirtAddr set_brk(VirtAddr new_break, hw::TlbGather& gather);
  VirtAddr brk() const { return brk_; }

  // mremap(2), rows F1 to F11. The mapping's address afterwards. Pages move without a fault.
  // Errors: kEINVAL (flags, alignment, lengths, an overlap), kENOMEM (near max_map_count), kEFAULT
  // (no mapping at the address), kEPERM (sealed), kEINVAL (length 0 of a private mapping; huge
  // pages), kEFAULT (beyond the mapping's end), kEINVAL (the page offset wraps), kEAGAIN
  // (RLIMIT_MEMLOCK), kENOMEM (RLIMIT_AS, RLIMIT_DATA; no room in place and not allowed to move):
  // nothing has changed. unmap()'s of what is to be replaced and of a tail. kENOMEM (RLIMIT_AS,
  // RLIMIT_DATA with MREMAP_DONTUNMAP; max_map_count, no room, overcommit): what MREMAP_FIXED was
  // to replace, and a tail, are gone. With MREMAP_FIXED and one length, VMAs before the one that
  // failed have been moved.
  // Source: mremap(2); Linux mm/mremap.c do_mremap(), 6.18.
  Result<VirtAddr> remap(const MremapArgs& args, hw::TlbGather& gather);

  // mseal(2), row C16.
  // Errors: kEINVAL (flags, start unaligned, range wraps), kENOMEM (a hole): nothing is sealed.
  // kENOMEM (max_map_count): what lies before is sealed. Source: mseal(2); Linux mm/mseal.c.
  Result<void> seal(VirtAddr start, uint64_t length_bytes, uint64_t flags);

  // remap_file_pages(2), row C15: maps another part of the same object over a part of a shared
  // mapping. Errors: kEINVAL (prot, range or page offset wrap; not one shared mapping throughout),
  // then map()'s. Source: remap_file_pages(2); Linux mm/mmap.c.
  Result<void> remap_file_pages(const RemapFilePagesArgs& args, hw::TlbGather& gather);

  // What msync(2) is to write back, row G1; changes nothing.
  SyncPlan plan_sync(VirtAddr start, uint64_t length_bytes, uint64_t flags) const;

  // mlock2(2), of which mlock(2) has no flags, but for faulting in: the range that is to be faulted
  // in. Row G3. Errors: kEINVAL (unknown flags), kEPERM (RLIMIT_MEMLOCK is 0), kENOMEM (over
  // RLIMIT_MEMLOCK), kEINVAL (wraps): nothing has changed. kENOMEM (a hole; a split at
  // max_map_count): what lies before it is locked. Source: mlock(2); Linux mm/mlock.c do_mlock().
  Result<AddrRange> lock(VirtAddr start, uint64_t length_bytes, uint64_t flags);
  // munlock(2). Errors: kEINVAL (wraps); kENOMEM (as above): what lies before it is unlocked.
  Result<void> unlock(VirtAddr start, uint64_t length_bytes);
  // mlockall(2) but for faulting in: with MCL_CURRENT, that of the whole space. Row G4.
  // Errors: kEINVAL (no, unknown or insufficient flags), kEPERM (RLIMIT_MEMLOCK is 0), kENOMEM
  // (MCL_CURRENT: more is mapped than RLIMIT_MEMLOCK). Nothing has changed then.
  Result<void> lock_all(uint64_t flags);
  // munlockall(2).
  void unlock_all();
  // madvise(2), rows H1 to H9: does what concerns the address space alone, and says what else is to
  // be done. Unknown bits above the lowest 32 of `advice` are ignored.
  // Errors, in the plan: kEINVAL (unknown advice, start unaligned, length wraps): nothing is done.
  // Those of refuses_advice(), kEINVAL (within a huge page), kEAGAIN (a split at max_map_count):
  // what lies before has been done. kENOMEM (holes): all the rest has been done.
  // Source: madvise(2); Linux mm/madvise.c do_madvise(), 6.18.
  AdvicePlan advise(VirtAddr start, uint64_t length_bytes, uint64_t advice, hw::TlbGather& gather);
  // Why MADV_POPULATE_READ (a load) or MADV_POPULATE_WRITE (a store) cannot fault the page in:
  // kENOMEM (not mapped, which a stack above does not change), kEINVAL (no right to it).
  // Source: Linux mm/gup.c __get_user_pages(), check_vma_flags().
  std::optional<Errno> refuses_populate(VirtAddr address, AccessKind kind) const;
  // Writes for each page from `start` on whether it is resident (1) or not (0), up to the end of
  // the vector or of the VMA; returns how many pages, 0: not mapped.
  uint64_t residency(VirtAddr start, std::span<std::byte> vector) const;

  // prctl(PR_SET_VMA_ANON_NAME): what /proc/PID/maps shows, and what keeps VMAs apart; no name
  // takes it away. Errors: kEINVAL (start unaligned, wraps): nothing has changed. kEBADF (a file
  // with a name), kEAGAIN (a split at max_map_count): what lies before it has changed. kENOMEM (a
  // hole): all that is mapped has. Source: PR_SET_VMA(2const); Linux mm/madvise.c
  // madvise_set_anon_name().
  Result<void> set_name(VirtAddr start, uint64_t length_bytes, std::string_view name);

  // The ranges that the calls since the last asking want faulted in (MAP_POPULATE, locked memory),
  // whose failures are ignored. The caller faults them in: by write where the VMA is private and
  // writable, else by read, and not at all where it is PROT_NONE (row D7).
  std::vector<AddrRange> take_populate();

  // fork(2): a copy of this space, rows J1, C8, D15, G5, H7 and I3. Private pages become both's
  // until either stores to them. VMAs flagged kVmDontCopy are left out, those flagged kVmWipeOnFork
  // begin empty, none is locked. Page tables are copied where a VMA has anonymous pages of its own;
  // other pages are the child's to fault in. The TLB is to forget all of this space. Errors:
  // kENOMEM (a charge is refused). The pages of the VMAs below that one are as after a fork whose
  // child has ended. Source: Linux mm/mmap.c dup_mmap(); mm/memory.c copy_page_range(),
  // vma_needs_copy(); mm/rmap.c anon_vma_fork(), 6.18.
  Result<std::unique_ptr<AddressSpace>> fork(Asid asid, hw::TlbGather& gather);

  // ---- For the fault handler and exec.

  // The first VMA that ends above `address`; it need not contain it. Null: none.
  Vma* find_vma(VirtAddr address) { return vmas_.find(address); }
  const Vma* find_vma(VirtAddr address) const { return vmas_.find(address); }

  // Makes `vma`, which grows down, begin at the page of `address`, row E1.
  // Errors: kEPERM (below the lowest address); kENOMEM (too near to the VMA below; RLIMIT_STACK,
  // RLIMIT_AS, RLIMIT_MEMLOCK, overcommit). The range is unchanged then, but the VMA has an
  // anon_vma, as in Linux.
  // REQUIRES: kVmGrowsDown; address below vma.start() and above the VMA below.
  // Source: Linux mm/vma.c expand_downwards(), acct_stack_growth().
  Result<void> expand_stack(Vma& vma, VirtAddr address);

  // Maps the stack as exec leaves it, and labels the VMA that contains `start_stack` as [stack].
  // REQUIRES: aligned, nothing mapped there.
  void map_stack(AddrRange range, VirtAddr start_stack);

  // Maps one page that a trace touched outside all mappings: private, readable, writable and
  // executable, flagged kVmInferred, merged with such neighbours; it counts against no limit.
  // REQUIRES: nothing is mapped there; below the end of user space. O(log n).
  Vma& map_inferred(Vpn vpn);

  // Gives a private VMA its anon_vma before the first page of its own: a neighbour's, if they
  // differ in nothing but rights (row C3), else a new one. Does nothing where there is one. Source:
  // Linux mm/vma.c find_mergeable_anon_vma(), mm/rmap.c __anon_vma_prepare().
  void prepare_anon(Vma& vma);

  // Maps a frame, taking over the caller's reference to it (the zero page has none). A swap entry
  // that stood there is dropped. The PTE grants what the VMA does, except that it grants stores
  // only with PteWrite::kYes and kDirty.
  // REQUIRES: vpn within vma; no frame mapped there; kFrameAnon set on frames of anonymous pages,
  // and kFrameAnonExclusive unless others have the same page; prepare_anon() done for those; stores
  // only if the VMA is writable.
  void install_page(const Vma& vma, Vpn vpn, Pfn pfn, PteWrite write);
  // Maps another frame in place of the one that is there, writable: a copy on write. Takes over the
  // caller's reference and drops the old one. REQUIRES: as above, and a frame mapped there.
  void replace_page(const Vma& vma, Vpn vpn, Pfn pfn, hw::TlbGather& gather);
  // Lets the PTE of a present page grant stores; an anonymous one is its own from here on.
  // REQUIRES: present; the VMA is writable; no other PTE maps the page if it is anonymous.
  void make_page_writable(const Vma& vma, Vpn vpn);
  // Whether the PTE grants the kernel the page as it is: no fault is needed. The PTE stays as it is
  // then; of a store the page itself becomes dirty. REQUIRES: the VMA permits it.
  // Source: Linux mm/gup.c follow_page_pte(), FOLL_TOUCH.
  bool follow_page(VirtAddr address, AccessKind kind);

  // ---- rmap::MappingSpace.

  bool unmap_page(Vpn vpn, hw::Pte replacement, hw::TlbGather& gather) override;
  bool test_and_clear_accessed(Vpn vpn, hw::TlbGather& gather) override;
  bool page_dirty(Vpn vpn) const override;
  bool clean_page(Vpn vpn, hw::TlbGather& gather) override;
  bool evictable(Vpn vpn) const override;
  void zap_file_range(rmap::FileRange range, rmap::Zap what, hw::TlbGather& gather) override;

  // ---- What /proc shows.

  // Every VMA, ascending, as /proc/PID/maps prints it. [vsyscall] is not among them.
  std::vector<MapsLine> maps() const;
  const MmCounters& counters() const { return counters_; }
  // VMAs that count against max_map_count: all but the inferred ones.
  uint64_t map_count() const { return map_count_; }
  uint64_t page_table_pages() const { return page_table_.table_pages(); }
  const VmaTree& vmas() const { return vmas_; }

  // Unmaps everything: the process ends. Linux's exit_mmap().
  void destroy(hw::TlbGather& gather);

  void validate() const;

 private:
  friend struct AddressSpaceTestPeer;
  friend class Remapper;

  // What is to be unmapped, in pages.
  struct Gathered {
    uint64_t pages = 0;
    uint64_t accounted = 0;
  };
  // A mapping about to be made.
  struct NewMapping {
    AddrRange range;
    VmaAttributes attributes;
    bool shared_anon = false;
  };

  // map.cc
  Result<NewMapping> plan_mapping(const MapRequest& request, uint64_t length_bytes) const;
  Result<VirtAddr> map_mapping(NewMapping mapping, const MapRequest& request,
                               hw::TlbGather& gather);
  Result<void> charge_mapping(NewMapping& mapping, const Gathered& replaced);
  std::optional<Errno> open_mapping(NewMapping& mapping, const MapRequest& request);
  uint64_t flags_of_mapping(uint64_t prot, uint64_t map_flags) const;
  bool unreserved(uint64_t map_flags) const;

  // limits.cc
  bool may_expand(uint64_t flags, uint64_t pages) const;
  bool enough_memory(uint64_t pages) const;
  bool may_lock(uint64_t flags, uint64_t bytes) const;
  bool read_implies_exec() const;
  bool denies_write_exec(uint64_t old_flags, uint64_t new_flags) const;
  uint64_t huge_page_bytes() const;

  // vmas.cc
  Vma& insert_vma(AddrRange range, VmaAttributes attributes);
  void erase_vma(Vma& vma);
  Vma& split_vma(Vma& vma, VirtAddr at);
  bool may_split(const Vma& vma, VirtAddr at) const;
  void account(uint64_t flags, uint64_t pages);
  void unaccount(uint64_t flags, uint64_t pages);
  Result<Gathered> gather_vmas(AddrRange range);
  void remove_vmas(AddrRange range, hw::TlbGather& gather);

  // merge.cc
  Vma* merge_new(AddrRange range, const VmaAttributes& attributes, MergeSides sides);
  Vma* merge_existing(Vma& middle, AddrRange range, const VmaChange& change);
  Result<Vma*> modify(Vma& vma, AddrRange range, VmaChange change);
  Result<Vma*> modify_flags(Vma& vma, AddrRange range, uint64_t flags);

  // protect.cc
  Result<void> protect_range(Vma& first, AddrRange range, uint64_t access, hw::TlbGather& gather);
  Result<Vma*> protect_part(Vma& vma, AddrRange part, uint64_t flags, hw::TlbGather& gather);

  // lock.cc
  bool can_lock() const;
  uint64_t locked_pages(VirtAddr start, uint64_t length_bytes) const;
  Result<void> set_locks(VirtAddr start, uint64_t length_bytes, uint64_t flags);
  void set_all_locks(uint64_t flags);
  Result<Vma*> set_locks_of(Vma& vma, AddrRange part, uint64_t locks);
  void set_mlocked(AddrRange range, bool mlocked);
  // advise.cc, advise_pages.cc
  struct Advising {
    uint32_t advice;
    AdvicePlan& plan;
    hw::TlbGather& gather;
  };
  std::optional<Errno> advise_range(AddrRange range, const Advising& advising);
  Result<Vma*> advise_part(Vma& vma, AddrRange part, const Advising& advising);
  Result<Vma*> change_advised_flags(Vma& vma, AddrRange part, uint64_t flags);
  void discard_pages(const Vma& vma, AddrRange part, hw::TlbGather& gather);
  void free_lazily(const Vma& vma, AddrRange part, hw::TlbGather& gather);
  void make_cold(const Vma& vma, AddrRange part, const Advising& advising);
  void find_own_pages(const Vma& vma, AddrRange part, AdvicePlan& plan) const;
  struct JudgedFolio {
    cache::PgoffRange pages{};
    bool may_go = false;
  };
  bool judge_page(const Vma& vma, AddrRange part, Pfn pfn, JudgedFolio& last,
                  AdvicePlan& plan) const;
  bool judge_folio(const Vma& vma, AddrRange part, Pfn pfn, AdvicePlan& plan) const;
  bool maps_whole(const Vma& vma, AddrRange part, cache::PgoffRange folio) const;
  void install_guards(Vma& vma, AddrRange part, hw::TlbGather& gather);
  void remove_guards(AddrRange part);

  // fork.cc
  void copy_vma(AddressSpace& parent, const Vma& vma);
  void copy_pages(AddressSpace& parent, const Vma& vma, const Vma& own);
  hw::Pte copy_entry(const Vma& own, Vpn vpn, hw::Pte pte);
  // naming.cc
  Result<Vma*> name_part(Vma& vma, AddrRange part, std::string_view name);

  // brk.cc
  bool grow_brk(AddrRange growth);
  bool shrink_brk(AddrRange cut, hw::TlbGather& gather);

  // pages.cc
  uint64_t& rss_of(const Vma& vma, Pfn pfn);
  void map_frame(const Vma& vma, Vpn vpn, Pfn pfn);
  void unmap_frame(const Vma& vma, Vpn vpn, Pfn pfn);
  void mark_folio_dirty(const Vma& vma, Pfn pfn);
  void drop_entry(const Vma& vma, Vpn vpn, hw::Pte pte, hw::TlbGather& gather);
  void zap_pages(const Vma& vma, AddrRange range, hw::TlbGather& gather);
  void change_rights(const Vma& vma, AddrRange range, hw::TlbGather& gather);

  // move_pages.cc
  void move_pages(AddrRange from, VirtAddr to, hw::TlbGather& gather);
  bool first_in_table(VirtAddr start) const;

  // seal.cc, maps.cc
  bool covered(AddrRange range) const;
  MapsLine maps_line(const Vma& vma) const;

  // validate.cc
  void validate_counters() const;
  uint64_t validate_pages(const Vma& vma, MmCounters& recount) const;
  void validate_merges() const;

  phys::FrameTable& frames_;
  phys::FrameAllocator& allocator_;
  rmap::ReverseMap& rmap_;
  rmap::SwapSlots& swap_slots_;
  CommitAccount& commit_;
  AddressSpaceOptions options_;
  hw::PageTable page_table_;
  VmaTree vmas_;
  MmCounters counters_;
  uint64_t map_count_ = 0;
  uint64_t default_flags_ = 0;  // of new mappings, from mlockall(2): Linux's def_flags
  uint32_t next_anon_vma_ = 1;
  VirtAddr brk_;
  VirtAddr start_stack_{};
  std::map<uint32_t, uint64_t> vmas_of_backing_;  // Backing's number -> VMAs of it
  std::vector<AddrRange> populate_;
  std::optional<AddrRange> merged_range_;  // whose ends the last call tried to merge
};

}  // namespace faultline::mm
