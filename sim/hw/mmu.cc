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

// A hit in the first level that was not the last is the commonest of the rest.
TranslateResult Mmu::translate_slow(Request request, PageTable& table) {
  const TlbEntry* const entry = tlb_.lookup_first(request.tag, request.kind);
  if (entry != nullptr && (needed_rights(request.kind) & ~entry->rights) == 0) [[likely]]
    return {.pfn = entry->pfn};
  return beyond_first(request, table, entry);
}

// `entry` is what the first level holds, if anything.
TranslateResult Mmu::beyond_first(Request request, PageTable& table, const TlbEntry* entry) {
  last_failed_ = false;
  if (request.count == CountLookup::kYes) before_ = {tlb_.counts_, walks_};
  if (entry == nullptr) entry = tlb_.lookup_second(request.tag, request.kind, request.count);
  if (entry == nullptr) {
    TranslateResult result = walk(request, table);
    result.tlb_missed = tlb_.enabled();
    return result;
  }
  const uint32_t lacking = needed_rights(request.kind) & ~entry->rights;
  if (lacking == 0) return {.pfn = entry->pfn};
  if (lacking == kTlbDirty) return walk(request, table);
  return fault(request, kFaultProtection);
}

TranslateResult Mmu::walk(Request request, PageTable& table) {
  const PteLayout& l = format_.pte;
  const WalkResult walk = table.walk(tlb_tag_vpn(request.tag), request.kind);
  ++walks_.count;
  walks_.memory_references += walk.entries_read;
  TranslateResult result;
  if (walk.permitted) {
    result.pfn = walk.leaf.pfn(l);
    tlb_.fill({request.tag, result.pfn, rights_of(walk.leaf, l)}, request.kind);
  } else {
    result = fault(request, walk.leaf.present(l) ? kFaultProtection : 0u);
  }
  result.walked = true;
  result.entries_read = walk.entries_read;
  return result;
}

TranslateResult Mmu::fault(Request request, uint32_t protection) {
  if (tlb_.enabled()) tlb_.flush_page(request.tag);
  last_failed_ = true;
  const uint32_t code = protection | kFaultUser | (is_store(request.kind) ? kFaultWrite : 0u) |
                        (request.kind == AccessKind::kFetch ? kFaultFetch : 0u);
  return {.error_code = static_cast<uint8_t>(code)};
}

void Mmu::uncount_last_reference() {
  FL_CHECK(last_failed_);
  last_failed_ = false;
  tlb_.counts_ = before_.tlb;
  walks_ = before_.walks;
}

}  // namespace faultline::hw
