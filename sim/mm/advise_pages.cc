// madvise(2): what it does to pages, row by row of the page table.
#include "sim/base/check.h"
#include "sim/cache/folio.h"
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
    // Not what another process has locked.
    if (rmap_.evictable(mapped->pfn))
      frame.flags = static_cast<uint16_t>(frame.flags | phys::kFrameLazyFree);
    if (!mapped->accessed && !mapped->dirty) return pte;
    mapped->accessed = false;
    mapped->dirty = false;
    gather.add_page(asid(), vpn);
    return mapped->to_pte(layout, vma);
  };
  page_table_.update_range(page_size().vpn(part.start), page_size().pages(part), update);
}

// Whether each page of the folio is mapped within `part`, where the VMA has its place.
bool AddressSpace::maps_whole(const Vma& vma, AddrRange part, cache::PgoffRange folio) const {
  if (folio.first < vma.pgoff) return false;
  const Vpn first = page_size().vpn(vma.start()) + (folio.first - vma.pgoff);
  if (first < page_size().vpn(part.start)) return false;
  if (first + folio.count > page_size().vpn(part.end)) return false;
  for (uint64_t i = 0; i < folio.count; ++i) {
    const auto mapped = find_mapped(page_table_.get(first + i), page_table_.format().pte);
    if (!mapped || vma.backing->pages().find(folio.first + i) != mapped->pfn) return false;
  }
  return true;
}

// Whether the page of the frame, which is mapped in `part`, may be made cold or given up: no other
// PTE maps it, or any page of its folio, all of which lies in `part`. Of a large folio that does
// not, and that no other process maps, the plan has that it is to be split. `last` is the large
// folio that was judged before, about whose other pages nothing new can be said. Source: Linux
// mm/madvise.c madvise_cold_or_pageout_pte_range(), mm/internal.h
// folio_maybe_mapped_shared(), 6.18.
bool AddressSpace::judge_page(const Vma& vma, AddrRange part, Pfn pfn, JudgedFolio& last,
                              AdvicePlan& plan) const {
  const phys::PageFrame& frame = frames_[pfn];
  if (frame.order == 0) return frame.mapcount == 1;
  if (!last.pages.contains(frame.pgoff)) {
    last.pages = cache::folio_of(frame);
    last.may_go = judge_folio(vma, part, pfn, plan);
  }
  return last.may_go;
}

bool AddressSpace::judge_folio(const Vma& vma, AddrRange part, Pfn pfn, AdvicePlan& plan) const {
  const cache::PgoffRange folio = cache::folio_of(frames_[pfn]);
  bool mapped_once = true;
  bool mapped_here = true;
  for (uint64_t i = 0; i < folio.count; ++i) {
    const Pfn page = vma.backing->pages().find(folio.first + i);
    mapped_once &= frames_[page].mapcount == 1;
    rmap_.for_each(page, [&](rmap::Mapping m) { mapped_here &= m.space == this; });
  }
  if (maps_whole(vma, part, folio)) return mapped_once;
  if (mapped_here) plan.split.push_back(pfn);
  return false;
}

// Differs from Linux: a page that is cold looks unused, but keeps its place in the order of the
// replacement policy. Source: Linux mm/madvise.c madvise_cold_or_pageout_pte_range().
void AddressSpace::make_cold(const Vma& vma, AddrRange part, const Advising& advising) {
  const hw::PteLayout& layout = page_table_.format().pte;
  JudgedFolio last;
  const auto update = [&](Vpn vpn, hw::Pte pte) {
    auto mapped = find_mapped(pte, layout);
    if (!mapped || mapped->pfn == phys::kZeroPagePfn) return pte;
    if (!judge_page(vma, part, mapped->pfn, last, advising.plan) || !mapped->accessed) return pte;
    mapped->accessed = false;
    advising.gather.add_page(asid(), vpn);
    return mapped->to_pte(layout, vma);
  };
  page_table_.update_range(page_size().vpn(part.start), page_size().pages(part), update);
}

// The frames of the pages of `part` that no other PTE maps. The zero page, which none is counted
// of, is not among them.
void AddressSpace::find_own_pages(const Vma& vma, AddrRange part, AdvicePlan& plan) const {
  const hw::PteLayout& layout = page_table_.format().pte;
  JudgedFolio last;
  page_table_.for_each(page_size().vpn(part.start), page_size().pages(part), [&](Vpn, hw::Pte pte) {
    const auto mapped = find_mapped(pte, layout);
    if (!mapped || !judge_page(vma, part, mapped->pfn, last, plan)) return;
    const phys::PageFrame& frame = frames_[mapped->pfn];
    if (frame.order == 0 || frame.pgoff == cache::folio_of(frame).first)
      plan.page_out.push_back(mapped->pfn);
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
