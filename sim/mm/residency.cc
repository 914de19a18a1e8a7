// What mincore(2) says of pages, row G2.
#include <algorithm>

#include "sim/mm/address_space.h"
#include "sim/mm/mapped_pte.h"

namespace faultline::mm {

// A page of a file counts wherever it is cached, mapped or not. The scenario's user may write every
// file; to others Linux says that all is resident. Source: Linux mm/mincore.c do_mincore(),
// mincore_pte_range(), 6.18.
uint64_t AddressSpace::residency(VirtAddr start, std::span<std::byte> vector) const {
  const Vma* const vma = vmas_.find(start);
  if (vma == nullptr || start < vma->start()) return 0;
  const uint64_t count =
      std::min<uint64_t>(vector.size(), page_size().pages(AddrRange{start, vma->end()}));
  const uint64_t pgoff = vma->pgoff_of(start, page_size());
  for (uint64_t i = 0; i < count; ++i) {
    const Pfn pfn = vma->backing == nullptr ? kNoPfn : vma->backing->pages().find(pgoff + i);
    vector[i] = std::byte{pfn != kNoPfn && (frames_[pfn].flags & phys::kFrameUptodate) != 0};
  }
  const hw::PteLayout& layout = page_table_.format().pte;
  const Vpn first = page_size().vpn(start);
  page_table_.for_each(first, count, [&](Vpn vpn, hw::Pte pte) {
    if (is_guard(pte, layout)) return;
    vector[vpn - first] = std::byte{find_mapped(pte, layout).has_value()};
  });
  return count;
}

}  // namespace faultline::mm
