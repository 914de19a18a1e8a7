// Leaf PTEs that go to another page of their address space: row F10.
#include <utility>
#include <vector>

#include "sim/base/align.h"
#include "sim/mm/address_space.h"
#include "sim/mm/mapped_pte.h"

namespace faultline::mm {
namespace {

// Of how many levels Linux moves tables instead of their entries: move_normal_pmd(),
// move_normal_pud().
constexpr int kMovedLevels = 2;

}  // namespace

// Moves what the PTEs of `from` hold to the pages from `to` on, where there is nothing: frames keep
// their bits and references, swap entries their slots. Tables come into being where the source has
// some, and where whole ones move, they are not left behind.
// REQUIRES: the ranges do not overlap; what is mapped at `to` has the rights of what is at `from`.
// Source: Linux mm/mremap.c move_page_tables(), move_ptes().
void AddressSpace::move_pages(AddrRange from, VirtAddr to, hw::TlbGather& gather) {
  const hw::PagingFormat& format = page_table_.format();
  const uint64_t count = page_size().pages(from);
  const Vpn first = page_size().vpn(from.start);
  const Vpn target = page_size().vpn(to);
  page_table_.mirror_tables(first, count, target);
  std::vector<std::pair<Vpn, hw::Pte>> moved;
  page_table_.update_range(first, count, [&](Vpn vpn, hw::Pte pte) {
    const Vpn new_vpn = target + (vpn - first);
    moved.emplace_back(new_vpn, pte);
    if (pte.present(format.pte)) gather.add_page(asid(), vpn);
    const auto mapped = find_mapped(pte, format.pte);
    if (mapped && mapped->pfn != phys::kZeroPagePfn) {
      rmap_.remove(mapped->pfn, {this, vpn});
      rmap_.add(mapped->pfn, {this, new_vpn});
    }
    return hw::Pte{};
  });
  for (const auto& [vpn, pte] : moved) page_table_.set(vpn, pte);

  // Leaf tables move where both places lie alike in theirs, and with them the tables above where
  // they do in those, too.
  uint64_t reach = 1;
  for (int level = 0; level < kMovedLevels; ++level) {
    reach <<= format.index_bits[level];
    if ((first.value ^ target.value) % reach != 0) return;
    const bool alone = level == 0 && first_in_table(from.start) && first_in_table(to);
    const Vpn whole_first{alone ? base::align_down(first.value, reach)
                                : base::align_up(first.value, reach)};
    const Vpn whole_end{base::align_down(first.value + count, reach)};
    if (whole_first >= whole_end) return;
    page_table_.free_empty_tables(whole_first, whole_end - whole_first,
                                  {.floor = whole_first, .ceiling = whole_end, .top_level = level});
  }
}

// Whether a VMA starts there, and none before it in the reach of its leaf table. Source: Linux
// mm/mremap.c can_align_down().
bool AddressSpace::first_in_table(VirtAddr start) const {
  const uint64_t reach_bytes = page_size().bytes() << page_table_.format().index_bits[0];
  const Vma* const vma =
      vmas_.find_overlap({{base::align_down(start.value, reach_bytes)}, start + 1});
  return vma != nullptr && vma->start() == start;
}

}  // namespace faultline::mm
