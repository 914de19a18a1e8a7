// Mmu: translates virtual addresses by the TLB and, on a miss, by a page walk; says what went wrong
// as a value.
//
// It calls nobody: a PageFault goes back to the machine's access loop, which asks the fault handler
// and tries again. Source: Intel SDM vol. 3A, 4.6 (access rights), 4.7 (page-fault exceptions), 4.8
// (accessed and dirty flags). Not thread-safe.
#pragma once

#include <cstdint>

#include "faultline/access.h"
#include "faultline/stats.h"
#include "faultline/types.h"
#include "sim/hw/page_table.h"
#include "sim/hw/tlb.h"

namespace faultline::hw {

// Bits of the error code that x86 pushes on a page fault.
enum FaultCode : uint32_t {
  kFaultProtection = 1,  // the page is present, but does not grant the access
  kFaultWrite = 2,
  kFaultUser = 4,
  kFaultReserved = 8,
  kFaultFetch = 16,
};

struct PageFault {
  VirtAddr address;  // CR2
  uint32_t error_code = 0;
  AccessKind kind = AccessKind::kLoad;
};

// A frame, or a fault when pfn is kNoPfn.
struct TranslateResult {
  Pfn pfn = kNoPfn;
  uint32_t error_code = 0;
  bool walked = false;
  uint8_t entries_read = 0;
  bool ok() const { return pfn != kNoPfn; }
};

// Whether this try counts as a TLB lookup: the retry after a fault does not.
enum class CountLookup : bool { kNo, kYes };

class Mmu {
 public:
  Mmu(const PagingFormat& format, const TlbOptions& tlb);

  // Translates the page of a user access in the address space of `asid` and `table`.
  // The fast path is inline; translate_slow does all else.
  TranslateResult translate(Asid asid, PageTable& table, Vpn vpn, AccessKind kind,
                            CountLookup count);

  Tlb& tlb() { return tlb_; }
  const Tlb& tlb() const { return tlb_; }
  const WalkStats& walk_stats() const { return walks_; }
  void validate() const { tlb_.validate(); }

 private:
  const PagingFormat& format_;
  Tlb tlb_;
  WalkStats walks_;
};

}  // namespace faultline::hw
