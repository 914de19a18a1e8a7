#include "sim/base/check.h"
#include "sim/mm/address_space.h"
#include "sim/mm/mapped_pte.h"

namespace faultline::mm {

void AddressSpace::validate() const {
  vmas_.validate();
  page_table_.validate();
  validate_counters();
  MmCounters recount;
  uint64_t entries = 0;
  vmas_.for_each([&](const Vma& vma) { entries += validate_pages(vma, recount); });
  FL_CHECK_MSG(recount.rss_anon == counters_.rss_anon && recount.rss_file == counters_.rss_file &&
                   recount.rss_shmem == counters_.rss_shmem && recount.swap == counters_.swap,
               "invariant 6: rss {}+{}+{}, swap {}; counted {}+{}+{}, {}", counters_.rss_anon,
               counters_.rss_file, counters_.rss_shmem, counters_.swap, recount.rss_anon,
               recount.rss_file, recount.rss_shmem, recount.swap);
  uint64_t all_entries = 0;
  const uint64_t all_pages = uint64_t{1} << page_table_.format().page_number_bits();
  page_table_.for_each({0}, all_pages, [&](Vpn, hw::Pte) { ++all_entries; });
  FL_CHECK_MSG(entries == all_entries, "invariant 3: {} PTEs, {} inside VMAs", all_entries,
               entries);
  validate_merges();
}

void AddressSpace::validate_counters() const {
  uint64_t map_count = 0;
  uint64_t total = 0, data = 0, stack = 0, exec = 0, locked = counters_.orphan_locked;
  uint64_t accounted = 0;
  std::map<uint32_t, uint64_t> vmas_of_backing;
  vmas_.for_each([&](const Vma& vma) {
    if (vma.backing != nullptr) ++vmas_of_backing[vma.backing->number()];
    if (vma.has(kVmInferred)) return;
    const uint64_t pages = page_size().pages(vma.range());
    ++map_count;
    total += pages;
    if (is_exec_mapping(vma.flags)) exec += pages;
    if (is_stack_mapping(vma.flags)) stack += pages;
    if (is_data_mapping(vma.flags)) data += pages;
    if (vma.has(kVmLocked)) locked += pages;
    if (vma.has(kVmAccount)) accounted += pages;
  });
  FL_CHECK_MSG(map_count == map_count_, "invariant 2: map_count {}, counted {}", map_count_,
               map_count);
  FL_CHECK_MSG(total == counters_.total_vm && data == counters_.data_vm &&
                   stack == counters_.stack_vm && exec == counters_.exec_vm &&
                   locked == counters_.locked_vm,
               "invariant 2: total {} data {} stack {} exec {} locked {}; counted {} {} {} {} {}",
               counters_.total_vm, counters_.data_vm, counters_.stack_vm, counters_.exec_vm,
               counters_.locked_vm, total, data, stack, exec, locked);
  FL_CHECK_MSG(accounted == counters_.accounted_vm, "invariant 2: accounted {}, counted {}",
               counters_.accounted_vm, accounted);
  FL_CHECK_MSG(vmas_of_backing == vmas_of_backing_, "invariant 8: {} Backings mapped, {} noted",
               vmas_of_backing.size(), vmas_of_backing_.size());
  for (const auto& [backing, count] : vmas_of_backing_)
    FL_CHECK_MSG(rmap_.has_space(backing, *this), "invariant 8: Backing {}", backing);
}

// Counts what the PTEs of the VMA hold; returns how many PTEs that are not none it has.
uint64_t AddressSpace::validate_pages(const Vma& vma, MmCounters& recount) const {
  const hw::PteLayout& layout = page_table_.format().pte;
  uint64_t entries = 0;
  page_table_.for_each(
      page_size().vpn(vma.start()), page_size().pages(vma.range()), [&](Vpn vpn, hw::Pte pte) {
        ++entries;
        const auto mapped = find_mapped(pte, layout);
        if (is_guard(pte, layout)) {
          FL_CHECK_MSG(vma.has(kVmMaybeGuard), "invariant 9: page {:x}", vpn.value);
          return;
        }
        if (!mapped) {
          ++recount.swap;
          return;
        }
        const bool zero_page = mapped->pfn == phys::kZeroPagePfn;
        FL_CHECK_MSG(pte.present(layout) == vma.accessible(), "invariant 4: page {:x}", vpn.value);
        if (pte.present(layout)) {
          FL_CHECK_MSG(!pte.writable(layout) || (vma.has(kVmWrite) && !zero_page),
                       "invariant 4: page {:x} is writable", vpn.value);
          FL_CHECK_MSG(!layout.checks_execution() || !pte.executable(layout) || vma.has(kVmExec),
                       "invariant 4: page {:x} is executable", vpn.value);
        }
        if (zero_page) return;
        FL_CHECK_MSG(rmap_.contains(mapped->pfn, {const_cast<AddressSpace*>(this), vpn}),
                     "invariant 5: page {:x}, frame {}", vpn.value, mapped->pfn.value);
        const phys::PageFrame& frame = frames_[mapped->pfn];
        const bool exclusive = (frame.flags & phys::kFrameAnonExclusive) != 0;
        FL_CHECK_MSG(!exclusive || frame.mapcount == 1, "invariant 10: page {:x} is exclusive",
                     vpn.value);
        if ((frame.flags & phys::kFrameAnon) != 0) {
          FL_CHECK_MSG(exclusive || !pte.present(layout) || !pte.writable(layout),
                       "invariant 10: page {:x} is writable", vpn.value);
          ++recount.rss_anon;
        } else {
          FL_CHECK_MSG(vma.backing != nullptr, "invariant 6: page {:x}", vpn.value);
          ++(vma.backing->write_notify() ? recount.rss_file : recount.rss_shmem);
        }
      });
  return entries;
}

void AddressSpace::validate_merges() const {
  if (!merged_range_) return;
  for (const VirtAddr at : {merged_range_->start, merged_range_->end}) {
    const Vma* const above = vmas_.find(at);
    if (above == nullptr || above->start() != at) continue;
    const Vma* const below = vmas_.prev(*above);
    if (below == nullptr) continue;
    const bool mergeable = can_extend_up(*below, {above->range(), *above}, page_size()) &&
                           can_extend_down(*above, {below->range(), *below}, page_size());
    FL_CHECK_MSG(!mergeable, "invariant 7: two VMAs meet at {:x}", at.value);
  }
}

}  // namespace faultline::mm
