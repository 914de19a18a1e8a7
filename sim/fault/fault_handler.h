// FaultHandler: what the kernel does when the MMU cannot translate: is the address in any VMA? is
// this kind of access permitted? else bring the page in. Linux's exc_page_fault(),
// do_user_addr_fault() and handle_mm_fault().
//
// One ladder, handle(), and one verb for each rung. It edits page tables through mm::AddressSpace
// alone, and adds what the TLB must forget to the machine's gather. It is also the one place that
// reclaims: take_frame(). Source: Linux arch/x86/mm/fault.c; mm/memory.c handle_pte_fault() and
// what it calls, 6.18. Owns nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "faultline/options.h"
#include "faultline/types.h"
#include "sim/cache/frame_source.h"
#include "sim/cache/page_cache.h"
#include "sim/fault/fault_outcome.h"
#include "sim/hw/mmu.h"
#include "sim/hw/tlb_gather.h"
#include "sim/mm/address_space.h"
#include "sim/phys/frame_allocator.h"
#include "sim/phys/frame_table.h"
#include "sim/reclaim/reclaimer.h"
#include "sim/reclaim/swap_out.h"

namespace faultline::fault {

// How many pages a read fault maps at most around the one it was for. Linux's fault_around_bytes,
// 64 KiB.
inline constexpr uint64_t kFaultAroundPages = 16;

struct FaultServices {
  phys::FrameTable& frames;
  phys::FrameAllocator& allocator;
  cache::PageCache& cache;
  reclaim::Reclaimer* reclaimer;  // null: memory is unlimited, nothing is ever evicted
  reclaim::SwapOut& swap;
  hw::TlbGather& gather;
  Unmapped unmapped = Unmapped::kFault;
};

class FaultHandler final : public cache::FrameSource {
 public:
  explicit FaultHandler(const FaultServices& services);

  // Makes the access of `fault` possible, or says why it is not. The caller applies the gather and
  // tries again.
  FaultOutcome handle(mm::AddressSpace& space, const hw::PageFault& fault);

  // A free frame for the page, after evicting others if need be (allocate_or_reclaim); nothing when
  // none can be had.
  std::optional<Pfn> take_frame(cache::PageKey page) override;

 private:
  struct Request;  // the fault with its VMA and page, as the rungs hand it on

  mm::Vma* find_legal_vma(mm::AddressSpace& space, VirtAddr address);
  FaultOutcome bring_in(const Request& request);
  FaultOutcome bus_error(const Request& request);
  FaultOutcome refuse_huge_page(const Request& request);
  FaultOutcome demand_zero(const Request& request);
  FaultOutcome map_inferred_page(const Request& request);
  FaultOutcome read_file_page(const Request& request);
  FaultOutcome copy_file_page(const Request& request);
  FaultOutcome store_to_shared_file(const Request& request);
  FaultOutcome swap_in(const Request& request);
  FaultOutcome break_write_protection(const Request& request);
  FaultOutcome make_writable(const Request& request);
  FaultOutcome break_cow(const Request& request, Pfn shared);

  std::optional<cache::CachedPage> read_page(const Request& request);
  std::optional<cache::CachedPage> get_file_page(const Request& request, FaultOutcome* outcome);
  void map_file_page(const Request& request, Vpn vpn, Pfn pfn);
  std::optional<Vpn> find_place(const Request& request, cache::PgoffRange folio) const;
  void map_folio(const Request& request, Pfn pfn);
  void map_rest_of_folio(const Request& request, cache::PgoffRange folio);
  void map_around(const Request& request);
  std::optional<Pfn> take_anon_frame(const Request& request);
  std::optional<Pfn> take_copy_of(Pfn original, const Request& request);

  FaultServices s_;
};

}  // namespace faultline::fault
