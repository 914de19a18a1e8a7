#include "sim/hw/mmu.h"

#include "sim/base/check.h"

namespace faultline::hw {
namespace {

// What the TLB may grant from now on. REQUIRES: the leaf is present.
uint32_t rights_of(Pte leaf, const PteLayout& l) {
  return kTlbRead | (leaf.writable(l) ? kTlbWrite : 0u) | (leaf.executable(l) ? kTlbExecute : 0u) |
         (leaf.dirty(l) ? kTlbDirty : 0u);
}

}  // namespace

Mmu::Mmu(const PagingFormat& format, const TlbOptions& tlb) : format_(format), tlb_(tlb) {}

TranslateResult Mmu::translate_slow(const Request& request) {
  const uint64_t tag = tlb_tag(request.asid, request.vpn);
  last_failed_ = false;
  if (request.count == CountLookup::kYes) before_ = {tlb_.stats_, walks_};
  const TlbEntry* const entry = tlb_.lookup(tag, request.kind, request.count);
  if (entry == nullptr) return walk(request);
  const uint32_t lacking = needed_rights(request.kind) & ~entry->rights;
  if (lacking == 0) return {.pfn = entry->pfn};
  if (lacking == kTlbDirty) return walk(request);
  return fault(request, kFaultProtection);
}

TranslateResult Mmu::walk(const Request& request) {
  const PteLayout& l = format_.pte;
  const WalkResult walk = request.table->walk(request.vpn, request.kind);
  ++walks_.count;
  walks_.memory_references += walk.entries_read;
  TranslateResult result;
  if (walk.permitted) {
    result.pfn = walk.leaf.pfn(l);
    tlb_.fill({tlb_tag(request.asid, request.vpn), result.pfn, rights_of(walk.leaf, l)},
              request.kind);
  } else {
    result = fault(request, walk.leaf.present(l) ? kFaultProtection : 0u);
  }
  result.walked = true;
  result.entries_read = walk.entries_read;
  return result;
}

TranslateResult Mmu::fault(const Request& request, uint32_t protection) {
  if (tlb_.enabled()) tlb_.flush_page(tlb_tag(request.asid, request.vpn));
  last_failed_ = true;
  return {.error_code = protection | kFaultUser | (is_store(request.kind) ? kFaultWrite : 0u) |
                        (request.kind == AccessKind::kFetch ? kFaultFetch : 0u)};
}

void Mmu::uncount_last_reference() {
  FL_CHECK(last_failed_);
  last_failed_ = false;
  tlb_.stats_ = before_.tlb;
  walks_ = before_.walks;
}

}  // namespace faultline::hw
