// Mmu: translates virtual addresses by the TLB and, on a miss, by a page walk; says what went wrong
// as a value.
//
// It calls nobody: a PageFault goes back to the machine's access loop, which asks the fault handler
// and tries again. A fault makes the TLB forget the page, so that the try after it walks and finds
// what the handler wrote, flushed or not.
//
// Source: Intel SDM vol. 3A, 4.6 (access rights), 4.7 (page-fault exceptions), 4.8 (accessed and
// dirty flags), 4.10.4.1 (a page fault invalidates the TLB entries of its page).
// Owns: the TLB, the walk cache and the counts. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>

#include "faultline/access.h"
#include "faultline/options.h"
#include "faultline/stats.h"
#include "faultline/types.h"
#include "sim/hw/page_table.h"
#include "sim/hw/tlb.h"
#include "sim/hw/walk_cache.h"

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

// A frame, or a fault when pfn is kNoPfn. 8 bytes: it travels in one register.
struct TranslateResult {
  Pfn pfn = kNoPfn;
  uint8_t error_code = 0;   // FaultCode
  bool tlb_missed = false;  // no level had the page; never with the TLB disabled
  bool walked = false;
  uint8_t entries_read = 0;  // by the walk
  bool ok() const { return pfn != kNoPfn; }
};
static_assert(sizeof(TranslateResult) == 8);

class Mmu {
 public:
  // REQUIRES: as Tlb and WalkCache do. `format` must outlive the Mmu.
  Mmu(const PagingFormat& format, const TlbOptions& tlb, const WalkCacheOptions& walk_cache = {});

  // The fast path alone: the TLB entry that serves the access, when its set was last used for this
  // page; null says nothing. Changes and counts nothing.
  const TlbEntry* front(Asid asid, Vpn vpn, AccessKind kind) const {
    return tlb_.front(tlb_tag(asid, vpn), kind);
  }
  // Translates the page of a user's access in the address space of `asid` and `table`. A store
  // through an entry without the dirty right is a hit and a walk; one that lacks another right is a
  // hit and a fault. Every walk counts, whatever `count` says and the TLB is. A few nanoseconds
  // where front() serves; O(ways + levels) otherwise.
  // REQUIRES: vpn < 2^format.page_number_bits(); the table has the Mmu's format.
  TranslateResult translate(Asid asid, PageTable& table, Vpn vpn, AccessKind kind,
                            CountLookup count) {
    if (const TlbEntry* entry = front(asid, vpn, kind)) [[likely]]
      return {.pfn = entry->pfn};
    return translate_slow({tlb_tag(asid, vpn), kind, count}, table);
  }
  // Says that `count` references of this kind were translated, each with CountLookup::kYes once:
  // they are the TLB's lookups. The access loop says so once a block; before stats() is read.
  void add_lookups(AccessKind kind, uint64_t count) { tlb_.add_lookups(kind, count); }

  // Takes back what the last reference counted, its retries included: an access that ends in a
  // signal counts nowhere but there, and is no lookup either. What the TLB holds stays as it is.
  // REQUIRES: the last translate failed, and this was not called since.
  void uncount_last_reference();

  // Forgets what was gathered and empties the gather.
  void apply(TlbGather& gather) {
    if (walk_cache_ != nullptr) [[unlikely]]
      walk_cache_->apply(gather);
    tlb_.apply(gather);
  }
  // Forgets the page.
  void flush_page(Asid asid, Vpn vpn) {
    if (walk_cache_ != nullptr) [[unlikely]]
      walk_cache_->flush(asid);
    tlb_.flush_page(tlb_tag(asid, vpn));
  }

  const Tlb& tlb() const { return tlb_; }
  const WalkStats& walk_stats() const { return walks_; }
  // Zero without such caches.
  WalkCacheStats walk_cache_stats() const {
    return walk_cache_ == nullptr ? WalkCacheStats{} : walk_cache_->stats();
  }
  void validate() const { tlb_.validate(); }

 private:
  // 16 bytes: it travels in two registers.
  struct Request {
    uint64_t tag;
    AccessKind kind;
    CountLookup count;
  };
  // The counts before the last reference that the fast path did not serve.
  struct Counts {
    Tlb::Counts tlb;
    WalkStats walks;
    WalkCacheStats walk_cache;
  };

  TranslateResult translate_slow(Request request, PageTable& table);
  TranslateResult beyond_first(Request request, PageTable& table, const TlbEntry* entry);
  // Whether the access's first level of the TLB or the second holds the page.
  enum class Held : bool { kNo, kYes };

  TranslateResult walk(Request request, PageTable& table, Held held);
  TranslateResult fault(Request request, uint32_t protection, Held held);

  const PagingFormat& format_;
  Tlb tlb_;
  std::unique_ptr<WalkCache> walk_cache_;  // null: there is none
  WalkStats walks_;
  Counts before_;
  uint64_t failed_tag_ = kTlbEmptyTag;  // whose translation was the last, and failed
};

}  // namespace faultline::hw
