// mremap(2): moving, rows F6 to F10.
#include <algorithm>

#include "faultline/linux.h"
#include "sim/base/check.h"
#include "sim/mm/address_space.h"
#include "sim/mm/placement.h"
#include "sim/mm/remap.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

}  // namespace

// Moves the VMAs of the range one after the other, with the holes between them; what lies where the
// holes go stays. Source: Linux mm/mremap.c remap_move().
Result<VirtAddr> Remapper::move_each() {
  const AddrRange all{from_, from_ + old_bytes_};
  Vma* vma = all.empty() ? nullptr : s_.vmas_.find_overlap(all);
  if (vma == nullptr || all.start < vma->start()) return Errno::kEFAULT;
  const VirtAddr new_address = to_;
  VirtAddr end_before = vma->start();
  VirtAddr target = to_;
  for (; vma != nullptr;
       vma = end_before < all.end ? s_.vmas_.find_overlap({end_before, all.end}) : nullptr) {
    from_ = std::max(vma->start(), all.start);
    old_bytes_ = std::min(vma->end(), all.end) - from_;
    new_bytes_ = old_bytes_;
    to_ = target + (vma->start() - std::min(end_before, vma->start()));
    end_before = vma->end();
    if (const auto error = check_vma(vma)) return *error;
    const Result<VirtAddr> moved = move_to();
    if (!moved) return moved.error();
    target = *moved + new_bytes_;
  }
  return new_address;
}

// To where the caller said, or elsewhere. Source: Linux mm/mremap.c mremap_to().
Result<VirtAddr> Remapper::move_to() {
  if (has(abi::kMREMAP_FIXED)) {
    const Result<void> made_room = s_.unmap(to_, new_bytes_, gather_);
    if (!made_room) return made_room.error();
    // As in Linux, what was there is gone when one of these fails; without a length even the
    // source may be.
    if (find_source() == nullptr) return Errno::kEFAULT;
  }
  if (kind_ == Kind::kShrink) {
    const Result<void> cut = s_.unmap(from_ + new_bytes_, delta_bytes_, gather_);
    if (!cut) return cut.error();
    old_bytes_ = new_bytes_;
  }
  const Vma& vma = *find_source();
  if (has(abi::kMREMAP_DONTUNMAP) && !s_.may_expand(vma.flags, s_.page_size().pages(old_bytes_)))
    return Errno::kENOMEM;
  if (const auto error = choose_address(vma)) return *error;
  return move(vma);
}

// As mmap would, for the same kind of mapping. Source: Linux mm/mremap.c vrm_set_new_addr().
std::optional<Errno> Remapper::choose_address(const Vma& vma) {
  const PageSize page_size = s_.page_size();
  PlaceRequest where;
  where.length_bytes = new_bytes_;
  where.hint = has_new_address() ? to_ : VirtAddr{};
  where.flags = has(abi::kMREMAP_FIXED) ? abi::kMAP_FIXED : 0;
  if (vma.has(kVmHugeTlb)) {
    where.alignment_bytes = s_.huge_page_bytes();
  } else if (vma.backing != nullptr) {
    where.offset_bytes = vma.pgoff_of(from_, page_size) << page_size.shift;
    if (vma.backing->write_notify()) where.huge_page_bytes = s_.huge_page_bytes();
  } else if (where.hint == VirtAddr{} && s_.huge_page_bytes() != 0 &&
             new_bytes_ % s_.huge_page_bytes() == 0) {
    where.huge_page_bytes = s_.huge_page_bytes();
  }
  const Result<VirtAddr> address = place(s_.vmas_, s_.options_, where);
  if (!address) return address.error();
  to_ = *address;
  return std::nullopt;
}

// Moves the piece, which lies in `vma`, to to_, where nothing is. Source: Linux mm/mremap.c
// move_vma().
Result<VirtAddr> Remapper::move(const Vma& vma) {
  if (s_.map_count_ + kMapsToSpare >= s_.options_.max_map_count) return Errno::kENOMEM;
  if (!may_charge(vma)) return Errno::kENOMEM;
  // Nothing below can fail.
  const uint64_t vm_flags = vma.flags;
  const uint64_t peak = s_.counters_.peak_total_vm;
  copy(vma);
  s_.account(vm_flags, s_.page_size().pages(new_bytes_));
  if (has(abi::kMREMAP_DONTUNMAP)) {
    unlock_source();
  } else {
    remove_source();
  }
  // Both at once are no peak.
  s_.counters_.peak_total_vm = std::max(peak, s_.counters_.total_vm);
  s_.merged_range_ = AddrRange{to_, to_ + new_bytes_};
  populate_growth(vm_flags);
  return to_;
}

// As in Linux, a move that shrinks is refused where what it gives up could not be promised. Differs
// from Linux: mremap is not promised what it gives up as it moves; Linux never takes that back.
// Source: Linux mm/mremap.c vrm_calc_charge().
bool Remapper::may_charge(const Vma& vma) const {
  if (!vma.has(kVmAccount)) return true;
  return s_.enough_memory(
      s_.page_size().pages(has(abi::kMREMAP_DONTUNMAP) ? new_bytes_ : delta_bytes_));
}

// Maps to_ as the piece is mapped, and moves its pages. Memory that was never stored to gets the
// page offset of its new place, so that it can be merged there: row F8.
// Source: Linux mm/vma.c copy_vma().
void Remapper::copy(const Vma& vma) {
  const AddrRange target{to_, to_ + new_bytes_};
  VmaAttributes attributes = vma;
  attributes.pgoff = vma.pgoff_of(from_, s_.page_size());
  if (vma.anonymous() && !vma.has(kVmHugeTlb) && !vma.anon_vma)
    attributes.pgoff = s_.page_size().vpn(to_).value;
  if (!s_.merge_new(target, attributes, MergeSides::kBoth)) s_.insert_vma(target, attributes);
  s_.move_pages({from_, from_ + old_bytes_}, to_, gather_);
}

// Source: Linux mm/mremap.c unmap_source_vma().
void Remapper::remove_source() {
  if (old_bytes_ == 0) return;
  const AddrRange source{from_, from_ + old_bytes_};
  FL_CHECK(s_.gather_vmas(source).ok());
  s_.remove_vmas(source, gather_);
}

// What stays after MREMAP_DONTUNMAP is not locked any more, all of its VMA; but Linux goes on to
// count it as locked, and its pages stay as they are. Source: Linux mm/mremap.c
// dontunmap_complete().
void Remapper::unlock_source() {
  Vma& source = *find_source();
  if (source.has(kVmLocked)) {
    s_.counters_.orphan_locked += s_.page_size().pages(source.range());
    s_.set_mlocked(source.range(), true);
  }
  source.flags &= ~(kVmLocked | kVmLockOnFault);
  const bool copied_elsewhere = !source.range().contains(to_);
  if (copied_elsewhere && source.range() == AddrRange{from_, from_ + old_bytes_})
    source.anon_vma = {};
}

}  // namespace faultline::mm
