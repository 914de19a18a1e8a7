// What the layers below ask of an address space: rmap::MappingSpace.
#include <algorithm>

#include "sim/base/check.h"
#include "sim/mm/address_space.h"
#include "sim/mm/mapped_pte.h"

namespace faultline::mm {

bool AddressSpace::unmap_page(Vpn vpn, hw::Pte replacement, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const Vma* const vma = vmas_.find(page_size().address(vpn));
  const hw::Pte pte = page_table_.get(vpn);
  const auto mapped = find_mapped(pte, layout);
  FL_CHECK(vma != nullptr && mapped.has_value());
  FL_CHECK(replacement.none() || (!replacement.present(layout) && replacement.is_swap()));
  drop_entry(*vma, vpn, pte, gather);
  page_table_.set(vpn, replacement);
  if (!replacement.none()) {
    swap_slots_.get_slot(replacement.swap_slot());
    ++counters_.swap;
  }
  return mapped->dirty;
}

// Differs from Linux: the TLB forgets the page, so that the next access sets the bit again; on x86
// Linux leaves the entry, and a page in constant use may look idle (row M7).
bool AddressSpace::test_and_clear_accessed(Vpn vpn, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const Vma* const vma = vmas_.find(page_size().address(vpn));
  auto mapped = find_mapped(page_table_.get(vpn), layout);
  FL_CHECK(vma != nullptr && mapped.has_value());
  if (!mapped->accessed) return false;
  mapped->accessed = false;
  page_table_.set(vpn, mapped->to_pte(layout, *vma));
  gather.add_page(asid(), vpn);
  return true;
}

bool AddressSpace::page_dirty(Vpn vpn) const {
  const auto mapped = find_mapped(page_table_.get(vpn), page_table_.format().pte);
  FL_CHECK(mapped.has_value());
  return mapped->dirty;
}

bool AddressSpace::clean_page(Vpn vpn, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const Vma* const vma = vmas_.find(page_size().address(vpn));
  auto mapped = find_mapped(page_table_.get(vpn), layout);
  FL_CHECK(vma != nullptr && mapped.has_value());
  const bool was_dirty = mapped->dirty;
  if (!was_dirty && !mapped->write) return false;
  mapped->dirty = false;
  mapped->write = false;
  page_table_.set(vpn, mapped->to_pte(layout, *vma));
  gather.add_page(asid(), vpn);
  return was_dirty;
}

bool AddressSpace::evictable(Vpn vpn) const {
  const Vma* const vma = vmas_.find(page_size().address(vpn));
  FL_CHECK(vma != nullptr);
  return !vma->has(kVmLocked);
}

// Source: Linux mm/memory.c unmap_mapping_range_tree(), zap_pte_range().
void AddressSpace::zap_file_range(rmap::FileRange range, rmap::Zap what, hw::TlbGather& gather) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const auto is_copy = [&](hw::Pte pte) {
    const auto mapped = find_mapped(pte, layout);
    return !mapped || (frames_[mapped->pfn].flags & phys::kFrameAnon) != 0;
  };
  const uint64_t range_end = range.first + std::min(range.count, ~uint64_t{0} - range.first);
  vmas_.for_each([&](const Vma& vma) {
    if (vma.backing == nullptr || vma.backing->number() != range.backing) return;
    const uint64_t first = std::max(vma.pgoff, range.first);
    const uint64_t end = std::min(vma.pgoff + page_size().pages(vma.range()), range_end);
    if (first >= end) return;
    page_table_.update_range(page_size().vpn(vma.start()) + (first - vma.pgoff), end - first,
                             [&](Vpn vpn, hw::Pte pte) {
                               if (is_guard(pte, layout))
                                 return what == rmap::Zap::kMarkersToo ? hw::Pte{} : pte;
                               if (what != rmap::Zap::kCopiesToo && is_copy(pte)) return pte;
                               drop_entry(vma, vpn, pte, gather);
                               return hw::Pte{};
                             });
  });
}

}  // namespace faultline::mm
