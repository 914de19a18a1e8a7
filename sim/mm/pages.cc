// Leaf PTEs: each is written together with the reverse map, the frame's reference and the counters.
#include <algorithm>

#include "sim/base/check.h"
#include "sim/cache/folio.h"
#include "sim/mm/address_space.h"
#include "sim/mm/mapped_pte.h"

namespace faultline::mm {

uint64_t& AddressSpace::rss_of(const Vma& vma, Pfn pfn) {
  if ((frames_[pfn].flags & phys::kFrameAnon) != 0) return counters_.rss_anon;
  FL_CHECK_MSG(vma.backing != nullptr, "frame {} of no file in anonymous memory", pfn.value);
  return vma.backing->write_notify() ? counters_.rss_file : counters_.rss_shmem;
}

// Counts a PTE that now maps the frame. The zero page is nobody's.
void AddressSpace::map_frame(const Vma& vma, Vpn vpn, Pfn pfn) {
  if (pfn == phys::kZeroPagePfn) return;
  rmap_.add(pfn, {this, vpn});
  phys::PageFrame& frame = frames_[pfn];
  if (vma.has(kVmDroppable))
    frame.flags = static_cast<uint16_t>(frame.flags | phys::kFrameDroppable);
  ++rss_of(vma, pfn);
  counters_.peak_rss = std::max(counters_.peak_rss, counters_.rss());
}

void AddressSpace::unmap_frame(const Vma& vma, Vpn vpn, Pfn pfn) {
  if (pfn == phys::kZeroPagePfn) return;
  --rss_of(vma, pfn);
  rmap_.remove(pfn, {this, vpn});
  allocator_.put(pfn);
}

// A PTE that a fault makes is accessed, fault-around's too, because the protections that Linux
// makes PTEs of have the bit on x86. Source: Linux arch/x86/include/asm/pgtable_types.h.
void AddressSpace::install_page(const Vma& vma, Vpn vpn, Pfn pfn, PteWrite write) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const hw::Pte old = page_table_.get(vpn);
  FL_CHECK(vma.range().contains(page_size().address(vpn)));
  FL_CHECK_MSG(old.none() || (!old.present(layout) && old.is_swap()), "page {:x} is mapped already",
               vpn.value);
  FL_CHECK(write == PteWrite::kNo || (vma.has(kVmWrite) && pfn != phys::kZeroPagePfn));
  // What needs memory first: the tables, and the frame's entry in the reverse map.
  page_table_.make_tables(vpn);
  map_frame(vma, vpn, pfn);
  // Nothing below can fail.
  if (!old.none()) {
    --counters_.swap;
    swap_slots_.put_slot(old.swap_slot());
  }
  const MappedPte entry{.pfn = pfn,
                        .write = write != PteWrite::kNo,
                        .accessed = true,
                        .dirty = write == PteWrite::kDirty};
  page_table_.set(vpn, entry.to_pte(layout, vma));
}

void AddressSpace::replace_page(const Vma& vma, Vpn vpn, Pfn pfn, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const auto old = find_mapped(page_table_.get(vpn), layout);
  FL_CHECK_MSG(old.has_value(), "page {:x} maps nothing", vpn.value);
  FL_CHECK(vma.range().contains(page_size().address(vpn)));
  const MappedPte entry{.pfn = pfn, .write = vma.has(kVmWrite), .accessed = true};
  page_table_.set(vpn, entry.to_pte(layout, vma));
  gather.add_page(asid(), vpn);
  unmap_frame(vma, vpn, old->pfn);
  map_frame(vma, vpn, pfn);
}

void AddressSpace::make_page_writable(const Vma& vma, Vpn vpn) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const hw::Pte pte = page_table_.get(vpn);
  FL_CHECK(pte.present(layout) && vma.has(kVmWrite) &&
           vma.range().contains(page_size().address(vpn)));
  phys::PageFrame& frame = frames_[pte.pfn(layout)];
  if ((frame.flags & phys::kFrameAnon) != 0) frame.flags |= phys::kFrameAnonExclusive;
  page_table_.set(vpn, pte.with_write(layout));
}

bool AddressSpace::follow_page(VirtAddr address, AccessKind kind) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const hw::Pte pte = page_table_.get(page_size().vpn(address));
  if (!pte.present(layout)) return false;
  if (!is_store(kind)) return true;
  if (!pte.writable(layout)) return false;
  if (!pte.dirty(layout)) mark_folio_dirty(*vmas_.find(address), pte.pfn(layout));
  return true;
}

// The folio of a disk file is dirty already, as the first store to a clean page faulted; now all of
// its blocks are, those behind the end of the file too. Source: Linux mm/page-writeback.c
// folio_mark_dirty(); fs/buffer.c block_dirty_folio().
void AddressSpace::mark_folio_dirty(const Vma& vma, Pfn pfn) {
  phys::PageFrame& frame = frames_[pfn];
  if ((frame.flags & phys::kFrameFile) == 0 || !vma.backing->write_notify()) {
    frame.flags = static_cast<uint16_t>(frame.flags | phys::kFrameDirty);
    return;
  }
  FL_CHECK((frame.flags & phys::kFrameDirty) != 0);
  if (frame.order == 0) return;
  const cache::PgoffRange folio = cache::folio_of(frame);
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff) {
    phys::PageFrame& page = frames_[vma.backing->pages().find(pgoff)];
    page.flags = static_cast<uint16_t>(page.flags | phys::kFrameBlockDirty);
  }
}

// What an entry that is removed held: its frame's or its slot's reference. The dirty bit of a page
// of a file goes to its folio; anonymous memory ends here. Source: Linux mm/memory.c
// zap_present_folio_ptes().
void AddressSpace::drop_entry(const Vma& vma, Vpn vpn, hw::Pte pte, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  if (const auto mapped = find_mapped(pte, layout)) {
    if (pte.present(layout)) gather.add_page(asid(), vpn);
    if (mapped->dirty && (frames_[mapped->pfn].flags & phys::kFrameFile) != 0)
      mark_folio_dirty(vma, mapped->pfn);
    unmap_frame(vma, vpn, mapped->pfn);
  } else if (!pte.is_guard()) {
    FL_CHECK(pte.is_swap());
    --counters_.swap;
    swap_slots_.put_slot(pte.swap_slot());
  }
}

// Source: Linux mm/memory.c zap_pte_range().
void AddressSpace::zap_pages(const Vma& vma, AddrRange range, hw::TlbGather& gather) {
  page_table_.update_range(page_size().vpn(range.start), page_size().pages(range),
                           [&](Vpn vpn, hw::Pte pte) {
                             drop_entry(vma, vpn, pte, gather);
                             return hw::Pte{};
                           });
}

// Gives the PTEs of `range` the rights of `vma` after a change. A page that no other PTE may see
// stored to becomes writable at once, any other by its next store's fault: row D11.
// Source: Linux mm/mprotect.c change_pte_range(), can_change_pte_writable().
void AddressSpace::change_rights(const Vma& vma, AddrRange range, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const auto may_store = [&](const MappedPte& page) {
    if (!vma.has(kVmWrite)) return false;
    if (vma.shared()) return !vma.backing->write_notify() || page.dirty;
    return (frames_[page.pfn].flags & phys::kFrameAnonExclusive) != 0;
  };
  page_table_.update_range(page_size().vpn(range.start), page_size().pages(range),
                           [&](Vpn vpn, hw::Pte pte) {
                             auto mapped = find_mapped(pte, layout);
                             if (!mapped) return pte;
                             mapped->write = may_store(*mapped);
                             const hw::Pte changed = mapped->to_pte(layout, vma);
                             if (needs_flush(pte, changed, layout)) gather.add_page(asid(), vpn);
                             return changed;
                           });
}

}  // namespace faultline::mm
