// /proc/PID/pagemap.
#include <algorithm>

#include "sim/mm/mapped_pte.h"
#include "sim/proc/proc_fs.h"

namespace faultline::proc {

uint64_t ProcFs::pagemap_entry(hw::Pte pte, const hw::PteLayout& layout) const {
  const auto mapped = mm::find_mapped(pte, layout);
  if (mm::is_guard(pte, layout)) return kPagemapSwapped | kPagemapGuard;
  if (!mapped) return pte.is_swap() ? kPagemapSwapped : 0;
  if (mapped->pfn == phys::kZeroPagePfn) return kPagemapPresent;
  const phys::PageFrame& frame = parts_.frames[mapped->pfn];
  return kPagemapPresent | ((frame.flags & phys::kFrameAnon) != 0 ? 0 : kPagemapFile) |
         (frame.mapcount == 1 ? kPagemapExclusive : 0);
}

std::vector<uint64_t> ProcFs::pagemap(const mm::AddressSpace& space, AddrRange range) const {
  const PageSize page_size = space.page_size();
  const hw::PagingFormat& format = space.page_table().format();
  const VirtAddr end = std::min(range.end, format.user_end());
  if (range.start >= end) return {};
  const Vpn first = page_size.vpn(range.start);
  const uint64_t pages = page_size.vpn(end - 1) - first + 1;
  std::vector<uint64_t> entries(pages);
  space.page_table().for_each(first, pages, [&](Vpn vpn, hw::Pte pte) {
    entries[vpn - first] = pagemap_entry(pte, format.pte);
  });
  return entries;
}

}  // namespace faultline::proc
