// fork(2): the copy of an address space.
#include <utility>

#include "sim/base/check.h"
#include "sim/mm/address_space.h"
#include "sim/mm/mapped_pte.h"

namespace faultline::mm {
namespace {

// Whether what the VMA maps can be found again only in its page tables. Everything else is left to
// the child's own faults. Source: Linux mm/memory.c vma_needs_copy().
bool needs_copy(const Vma& vma) {
  constexpr uint64_t kCopied = kVmPfnMap | kVmMixedMap | kVmMaybeGuard | kVmInferred;
  return vma.anon_vma || (vma.flags & kCopied) != 0;
}

// Whether stores to the mapping are its own. Source: Linux include/linux/mm.h is_cow_mapping().
bool copies_on_write(const Vma& vma) {
  return (vma.flags & (kVmShared | kVmMayWrite)) == kVmMayWrite;
}

}  // namespace

Result<std::unique_ptr<AddressSpace>> AddressSpace::fork(Asid asid, hw::TlbGather& gather) {
  merged_range_.reset();
  AddressSpaceOptions options = options_;
  options.asid = asid;
  if ((options.mdwe & linux_abi::kPR_MDWE_NO_INHERIT) != 0) options.mdwe = 0;
  auto child = std::make_unique<AddressSpace>(
      AddressSpaceParts{frames_, allocator_, rmap_, swap_slots_, commit_, page_table_.format()},
      options);
  child->brk_ = brk_;
  child->start_stack_ = start_stack_;
  child->next_anon_vma_ = next_anon_vma_;
  bool charged = true;
  vmas_.for_each([&](const Vma& vma) {
    if (!charged || vma.has(kVmDontCopy)) return;
    charged = !vma.has(kVmAccount) || enough_memory(page_size().pages(vma.range()));
    if (charged) child->copy_vma(*this, vma);
  });
  gather.add_space(this->asid());
  if (!charged) {
    child->destroy(gather);
    return Errno::kENOMEM;
  }
  return Result<std::unique_ptr<AddressSpace>>(std::move(child));
}

// Makes this space's VMA like the parent's. Each has an anon_vma of its own, also where the
// parent's had one together (row C8).
void AddressSpace::copy_vma(AddressSpace& parent, const Vma& vma) {
  VmaAttributes attributes = vma;
  attributes.flags &= ~kVmLockMask;
  const bool wiped = vma.has(kVmWipeOnFork);
  if (wiped) {
    attributes.anon_vma = {};
  } else if (vma.anon_vma) {
    attributes.anon_vma = {.number = next_anon_vma_++, .chain = vma.anon_vma.chain + 1};
  }
  const uint64_t flags = attributes.flags;
  const Vma& own = insert_vma(vma.range(), std::move(attributes));
  account(flags, page_size().pages(own.range()));
  if (!wiped && needs_copy(vma)) copy_pages(parent, vma, own);
}

// Source: Linux mm/memory.c copy_pte_range().
void AddressSpace::copy_pages(AddressSpace& parent, const Vma& vma, const Vma& own) {
  const hw::PteLayout& layout = page_table_.format().pte;
  const Vpn first = page_size().vpn(vma.start());
  const uint64_t count = page_size().pages(vma.range());
  page_table_.make_tables_of(parent.page_table_, first, count);
  parent.page_table_.update_range(first, count, [&](Vpn vpn, hw::Pte pte) {
    if (pte.present(layout) && copies_on_write(vma)) pte = pte.without_write(layout);
    page_table_.set(vpn, copy_entry(own, vpn, pte));
    return pte;
  });
}

// Takes a share of what the entry holds; what the child's entry is. It is not accessed yet, and
// where the memory is shared the parent's tells that it is dirty.
// Source: Linux mm/memory.c __copy_present_ptes(), copy_nonpresent_pte().
hw::Pte AddressSpace::copy_entry(const Vma& own, Vpn vpn, hw::Pte pte) {
  const hw::PteLayout& layout = page_table_.format().pte;
  auto mapped = find_mapped(pte, layout);
  if (!mapped) {
    if (!pte.is_swap()) return pte;
    swap_slots_.get_slot(pte.swap_slot());
    ++counters_.swap;
    return pte;
  }
  allocator_.get(mapped->pfn);
  map_frame(own, vpn, mapped->pfn);
  if (mapped->pfn != phys::kZeroPagePfn) {
    frames_[mapped->pfn].flags &= static_cast<uint16_t>(~phys::kFrameAnonExclusive);
  }
  mapped->accessed = false;
  if (own.shared()) mapped->dirty = false;
  return mapped->to_pte(layout, own);
}

}  // namespace faultline::mm
