// madvise(2): what it does to pages, row by row of the page table.
#include "sim/base/check.h"
#include "sim/mm/address_space.h"
#include "sim/mm/mapped_pte.h"

namespace faultline::mm {

// Unmaps the pages of `part` and frees page tables that it fills and that are empty then. Guards
// stay. Source: Linux mm/memory.c zap_page_range_single(); mm/pt_reclaim.c, CONFIG_PT_RECLAIM.
void AddressSpace::discard_pages(const Vma& vma, AddrRange part, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const Vpn first = page_size().vpn(part.start);
  const uint64_t count = page_size().pages(part);
  page_table_.update_range(first, count, [&](Vpn vpn, hw::Pte pte) {
    if (is_guard(pte, layout)) return pte;
    drop_entry(vma, vpn, pte, gather);
    return hw::Pte{};
  });
  page_table_.free_empty_tables(first, count,
                                {.floor = first, .ceiling = first + count, .top_level = 0});
}

// Makes the pages of `part` such as may be dropped while nobody stores to them. A page that is
// dirty by itself and mapped elsewhere too is left alone. Source: Linux mm/madvise.c
// madvise_free_pte_range(); mm/swap.c folio_mark_lazyfree().
void AddressSpace::free_lazily(const Vma& vma, AddrRange part, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const auto update = [&](Vpn vpn, hw::Pte pte) {
    if (is_guard(pte, layout)) return pte;
    auto mapped = find_mapped(pte, layout);
    if (!mapped) {
      drop_entry(vma, vpn, pte, gather);
      return hw::Pte{};
    }
    if (mapped->pfn == phys::kZeroPagePfn) return pte;
    phys::PageFrame& frame = frames_[mapped->pfn];
    if ((frame.flags & phys::kFrameDirty) != 0) {
      if (frame.mapcount != 1) return pte;
      frame.flags = static_cast<uint16_t>(frame.flags & ~phys::kFrameDirty);
    }
    frame.flags = static_cast<uint16_t>(frame.flags | phys::kFrameLazyFree);
    if (!mapped->accessed && !mapped->dirty) return pte;
    mapped->accessed = false;
    mapped->dirty = false;
    gather.add_page(asid(), vpn);
    return mapped->to_pte(layout, vma);
  };
  page_table_.update_range(page_size().vpn(part.start), page_size().pages(part), update);
}

// Differs from Linux: a page that is cold looks unused, but keeps its place in the order of the
// replacement policy. Source: Linux mm/madvise.c madvise_cold_or_pageout_pte_range().
void AddressSpace::make_cold(const Vma& vma, AddrRange part, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const auto update = [&](Vpn vpn, hw::Pte pte) {
    auto mapped = find_mapped(pte, layout);
    if (!mapped || !mapped->accessed || frames_[mapped->pfn].mapcount != 1) return pte;
    mapped->accessed = false;
    gather.add_page(asid(), vpn);
    return mapped->to_pte(layout, vma);
  };
  page_table_.update_range(page_size().vpn(part.start), page_size().pages(part), update);
}

// The frames of the pages of `part` that no other PTE maps. The zero page, which none is counted
// of, is not among them.
void AddressSpace::find_own_pages(AddrRange part, std::vector<Pfn>& frames) const {
  const hw::PteLayout& layout = page_table_.format().pte;
  page_table_.for_each(page_size().vpn(part.start), page_size().pages(part), [&](Vpn, hw::Pte pte) {
    const auto mapped = find_mapped(pte, layout);
    if (mapped && frames_[mapped->pfn].mapcount == 1) frames.push_back(mapped->pfn);
  });
}

// Unmaps every page of `part` and refuses all access to it from here on, row D17. The VMA keeps its
// flag until it goes, and anonymous memory gets its anon_vma, as if it had been stored to.
// Source: Linux mm/madvise.c madvise_guard_install(), 6.18.
void AddressSpace::install_guards(Vma& vma, AddrRange part, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  vma.flags |= kVmMaybeGuard;
  if (vma.anonymous()) prepare_anon(vma);
  const Vpn end = page_size().vpn(part.end);
  for (Vpn vpn = page_size().vpn(part.start); vpn < end; vpn = vpn + 1) {
    const hw::Pte pte = page_table_.get(vpn);
    if (is_guard(pte, layout)) continue;
    if (!pte.none()) drop_entry(vma, vpn, pte, gather);
    page_table_.set(vpn, hw::Pte::make_guard());
  }
}

// Page tables stay, empty or not. Source: Linux mm/madvise.c madvise_guard_remove().
void AddressSpace::remove_guards(AddrRange part) {
  const hw::PteLayout& layout = page_table_.format().pte;
  page_table_.update_range(
      page_size().vpn(part.start), page_size().pages(part),
      [&](Vpn, hw::Pte pte) { return is_guard(pte, layout) ? hw::Pte{} : pte; });
}

}  // namespace faultline::mm
