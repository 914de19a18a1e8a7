// /proc/PID/smaps.
#include <algorithm>
#include <optional>

#include "sim/mm/mapped_pte.h"
#include "sim/mm/vm_flag_names.h"
#include "sim/proc/proc_fs.h"

namespace faultline::proc {

using mm::Vma;

namespace {

// Pages of tmpfs that reclaim took out of the cache and that the VMA would show. Where it may hold
// copies of its own, only those without a PTE count. Source: Linux mm/shmem.c
// shmem_partial_swap_usage(); fs/proc/task_mmu.c smap_gather_stats(), smaps_pte_hole().
uint64_t swapped_tmpfs_pages(const mm::AddressSpace& space, const Vma& vma) {
  if (vma.backing == nullptr || vma.backing->write_notify()) return 0;
  const PageSize page_size = space.page_size();
  const storage::SimFile& file = vma.backing->file();
  const Vpn first = page_size.vpn(vma.start());
  const uint64_t end_pgoff =
      std::min(vma.pgoff + page_size.pages(vma.range()), vma.backing->page_count());
  const bool copies = !vma.shared() && vma.has(mm::kVmWrite);
  uint64_t pages = 0;
  for (std::optional<uint64_t> at = file.first_page_from(vma.pgoff); at && *at < end_pgoff;
       at = file.first_page_from(*at + 1)) {
    if (!file.stores_page(*at) || vma.backing->pages().find(*at) != kNoPfn) continue;
    if (copies && !space.page_table().get(first + (*at - vma.pgoff)).none()) continue;
    ++pages;
  }
  return pages;
}

// Differs from Linux: a page is referenced if this PTE was used; Linux also takes PG_referenced,
// which locking, populating and read(2) set. It shows where the PTE is old: after fork, or
// MADV_COLD.
SmapsPage smaps_page(const phys::PageFrame& frame, const mm::MappedPte& mapped, const Vma& vma) {
  return {.mapcount = frame.mapcount,
          .anonymous = (frame.flags & phys::kFrameAnon) != 0,
          .dirty = mapped.dirty || (frame.flags & phys::kFrameDirty) != 0,
          .referenced = mapped.accessed,
          .lazy_free = (frame.flags & phys::kFrameLazyFree) != 0,
          .locked = vma.has(mm::kVmLocked)};
}

}  // namespace

SmapsSizes ProcFs::gather(const mm::AddressSpace& space, const Vma& vma) const {
  const PageSize page_size = space.page_size();
  const hw::PteLayout& layout = space.page_table().format().pte;
  SmapsSizes sizes;
  sizes.swap = swapped_tmpfs_pages(space, vma) << page_size.shift;
  space.page_table().for_each(
      page_size.vpn(vma.start()), page_size.pages(vma.range()), [&](Vpn, hw::Pte pte) {
        if (const auto mapped = mm::find_mapped(pte, layout)) {
          // The zero page is nobody's (row D5).
          if (mapped->pfn == phys::kZeroPagePfn) return;
          SmapsPage page = smaps_page(parts_.frames[mapped->pfn], *mapped, vma);
          page.size_bytes = page_size.bytes();
          sizes.add_page(page);
        } else if (pte.is_swap()) {
          sizes.add_swapped(page_size.bytes(), parts_.swap.references(pte.swap_slot()));
        }
      });
  return sizes;
}

std::string ProcFs::smaps(const mm::AddressSpace& space) const {
  const std::vector<MapsLine> lines = space.maps();
  const uint64_t page_kb = space.page_size().bytes() >> 10;
  const uint64_t huge_kb = page_kb << space.page_table().format().index_bits[0];
  std::string text;
  size_t index = 0;
  space.vmas().for_each([&](const Vma& vma) {
    const uint64_t vma_page_kb = vma.has(mm::kVmHugeTlb) ? huge_kb : page_kb;
    text += lines[index++].to_string() + "\n" +
            kb_line("Size:           ", vma.range().size_bytes() >> 10) +
            kb_line("KernelPageSize: ", vma_page_kb) + kb_line("MMUPageSize:    ", vma_page_kb) +
            gather(space, vma).to_string() + "THPeligible:           0\n" +
            "VmFlags: " + mm::vm_flag_names(vma.flags) + "\n";
  });
  return text;
}

}  // namespace faultline::proc
