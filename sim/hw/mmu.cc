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

Mmu::Mmu(const PagingFormat& format, const TlbOptions& tlb, const WalkCacheOptions& walk_cache)
    : format_(format),
      tlb_(tlb),
      walk_cache_(walk_cache.enabled() ? std::make_unique<WalkCache>(format, walk_cache)
                                       : nullptr) {}

// A hit in the first level that was not the last is the commonest of the rest.
TranslateResult Mmu::translate_slow(Request request, PageTable& table) {
  const TlbEntry* const entry = tlb_.lookup_first(request.tag, request.kind);
  if (entry != nullptr && (needed_rights(request.kind) & ~entry->rights) == 0) [[likely]]
    return {.pfn = entry->pfn};
  return beyond_first(request, table, entry);
}

// `entry` is what the first level holds, if anything. A page whose translation failed last is in no
// level: its retry need not look.
TranslateResult Mmu::beyond_first(Request request, PageTable& table, const TlbEntry* entry) {
  const bool failed_last = failed_tag_ == request.tag;
  failed_tag_ = kTlbEmptyTag;
  if (request.count == CountLookup::kYes) {
    before_.tlb = tlb_.counts_;
    before_.walks = walks_;
    if (walk_cache_ != nullptr) [[unlikely]]
      before_.walk_cache = walk_cache_->stats();
  }
  if (entry == nullptr && !(failed_last && request.count == CountLookup::kNo))
    entry = tlb_.lookup_second(request.tag, request.kind, request.count);
  if (entry == nullptr) {
    TranslateResult result = walk(request, table, Held::kNo);
    result.tlb_missed = tlb_.enabled();
    return result;
  }
  const uint32_t lacking = needed_rights(request.kind) & ~entry->rights;
  if (lacking == 0) return {.pfn = entry->pfn};
  if (lacking == kTlbDirty) return walk(request, table, Held::kYes);
  return fault(request, kFaultProtection, Held::kYes);
}

TranslateResult Mmu::walk(Request request, PageTable& table, Held held) {
  const PteLayout& l = format_.pte;
  const Vpn vpn = tlb_tag_vpn(request.tag);
  WalkResult walk = table.walk(vpn, request.kind);
  if (walk_cache_ != nullptr) [[unlikely]]
    walk.entries_read = walk_cache_->entries_read(tlb_tag_asid(request.tag), table, vpn, walk);
  ++walks_.count;
  walks_.memory_references += walk.entries_read;
  TranslateResult result;
  if (walk.permitted) {
    result.pfn = walk.leaf.pfn(l);
    const TlbEntry entry{request.tag, result.pfn, rights_of(walk.leaf, l)};
    if (held == Held::kNo)
      tlb_.fill_missed(entry, request.kind);
    else
      tlb_.fill(entry, request.kind);
  } else {
    result = fault(request, walk.leaf.present(l) ? kFaultProtection : 0u, held);
  }
  result.walked = true;
  result.entries_read = walk.entries_read;
  return result;
}

TranslateResult Mmu::fault(Request request, uint32_t protection, Held held) {
  if (held == Held::kNo)
    tlb_.flush_missed(request.tag, request.kind);
  else
    tlb_.flush_page(request.tag);
  if (walk_cache_ != nullptr) [[unlikely]]
    walk_cache_->fault(tlb_tag_asid(request.tag), tlb_tag_vpn(request.tag));
  failed_tag_ = request.tag;
  const uint32_t code = protection | kFaultUser | (is_store(request.kind) ? kFaultWrite : 0u) |
                        (request.kind == AccessKind::kFetch ? kFaultFetch : 0u);
  return {.error_code = static_cast<uint8_t>(code)};
}

void Mmu::uncount_last_reference() {
  FL_CHECK(failed_tag_ != kTlbEmptyTag);
  failed_tag_ = kTlbEmptyTag;
  tlb_.counts_ = before_.tlb;
  walks_ = before_.walks;
  if (walk_cache_ != nullptr) walk_cache_->set_stats(before_.walk_cache);
}

}  // namespace faultline::hw
