// mremap(2): what is asked, and resizing in place; remap_move.cc moves.
#include "sim/mm/remap.h"

#include "faultline/linux.h"
#include "sim/base/align.h"
#include "sim/base/check.h"
#include "sim/mm/address_space.h"
#include "sim/mm/placement.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

// A move may split the VMAs at both of its places in three, and needs room for that.
constexpr uint64_t kSplitsOfBoth = 2;

}  // namespace

Result<VirtAddr> AddressSpace::remap(const MremapArgs& args, hw::TlbGather& gather) {
  merged_range_.reset();
  return Remapper(*this, gather).run(args);
}

bool Remapper::has_new_address() const { return has(abi::kMREMAP_FIXED | abi::kMREMAP_DONTUNMAP); }

Vma* Remapper::find_source() {
  Vma* const vma = s_.vmas_.find(from_);
  return vma != nullptr && vma->range().contains(from_) ? vma : nullptr;
}

Result<VirtAddr> Remapper::run(const MremapArgs& args) {
  flags_ = args.flags;
  from_ = args.old_address;
  to_ = args.new_address;
  old_bytes_ = s_.page_size().align_up(args.old_length_bytes);
  new_bytes_ = s_.page_size().align_up(args.new_length_bytes);
  if (const auto error = check_arguments()) return *error;
  if (has(abi::kMREMAP_FIXED) && old_bytes_ == new_bytes_) return move_each();
  if (const auto error = check_vma(find_source())) return *error;
  return has_new_address() ? move_to() : resize();
}

// Row F1. Source: Linux mm/mremap.c check_mremap_params().
std::optional<Errno> Remapper::check_arguments() const {
  constexpr uint64_t kKnown = abi::kMREMAP_MAYMOVE | abi::kMREMAP_FIXED | abi::kMREMAP_DONTUNMAP;
  const uint64_t user_end = s_.vmas_.user_end().value;
  if ((flags_ & ~kKnown) != 0 || !s_.page_size().aligned(from_) || new_bytes_ == 0 ||
      new_bytes_ > user_end)
    return Errno::kEINVAL;
  if (!has_new_address()) return std::nullopt;
  if (to_.value > user_end - new_bytes_ || !s_.page_size().aligned(to_) ||
      !has(abi::kMREMAP_MAYMOVE) || (has(abi::kMREMAP_DONTUNMAP) && old_bytes_ != new_bytes_))
    return Errno::kEINVAL;
  const AddrRange source{from_, from_ + old_bytes_};
  if (source.overlaps({to_, to_ + new_bytes_})) return Errno::kEINVAL;
  if (s_.map_count_ + kSplitsOfBoth + kMapsToSpare >= s_.options_.max_map_count)
    return Errno::kENOMEM;
  return std::nullopt;
}

// Rows F2 to F4, and F7's of shrinking. Source: Linux mm/mremap.c check_prep_vma().
std::optional<Errno> Remapper::check_vma(const Vma* vma) {
  if (vma == nullptr) return Errno::kEFAULT;
  if (vma->has(kVmSealed)) return Errno::kEPERM;
  if (vma->has(kVmHugeTlb) && !align_to_huge_pages()) return Errno::kEINVAL;
  kind_ = old_bytes_ == new_bytes_  ? Kind::kSameSize
          : old_bytes_ > new_bytes_ ? Kind::kShrink
                                    : Kind::kGrow;
  delta_bytes_ = kind_ == Kind::kShrink ? old_bytes_ - new_bytes_ : new_bytes_ - old_bytes_;
  if (kind_ != Kind::kGrow && !has_new_address()) return std::nullopt;

  if (old_bytes_ == 0 && !vma->has(kVmMayShare)) return Errno::kEINVAL;
  if (has(abi::kMREMAP_DONTUNMAP) && (vma->flags & (kVmDontExpand | kVmPfnMap)) != 0)
    return Errno::kEINVAL;
  const uint64_t kept_bytes = kind_ == Kind::kShrink ? new_bytes_ : old_bytes_;
  if (kept_bytes > vma->end() - from_) return Errno::kEFAULT;
  return kind_ == Kind::kGrow ? check_growth(*vma) : std::nullopt;
}

std::optional<Errno> Remapper::check_growth(const Vma& vma) const {
  const PageSize page_size = s_.page_size();
  if (!base::checked_add(vma.pgoff_of(from_, page_size), page_size.pages(new_bytes_)))
    return Errno::kEINVAL;
  if ((vma.flags & (kVmDontExpand | kVmPfnMap)) != 0) return Errno::kEFAULT;
  if (!s_.may_lock(vma.flags, delta_bytes_)) return Errno::kEAGAIN;
  if (!s_.may_expand(vma.flags, page_size.pages(delta_bytes_))) return Errno::kENOMEM;
  return std::nullopt;
}

// Source: Linux mm/mremap.c align_hugetlb().
bool Remapper::align_to_huge_pages() {
  const uint64_t huge_bytes = s_.huge_page_bytes();
  old_bytes_ = base::align_up(old_bytes_, huge_bytes);
  new_bytes_ = base::align_up(new_bytes_, huge_bytes);
  return from_.value % huge_bytes == 0 && to_.value % huge_bytes == 0 && new_bytes_ <= old_bytes_;
}

// Source: Linux mm/mremap.c mremap_at().
Result<VirtAddr> Remapper::resize() {
  if (kind_ == Kind::kGrow) return grow();
  if (kind_ == Kind::kShrink) {
    const Result<void> cut = s_.unmap(from_ + new_bytes_, delta_bytes_, gather_);
    if (!cut) return cut.error();
  }
  return from_;
}

// Row F5. Source: Linux mm/mremap.c expand_vma().
Result<VirtAddr> Remapper::grow() {
  Vma& vma = *find_source();
  if (fits_in_place(vma)) return grow_in_place(vma);
  if (!has(abi::kMREMAP_MAYMOVE)) return Errno::kENOMEM;
  if (const auto error = choose_address(vma)) return *error;
  return move(vma);
}

// Neither the guard below a stack nor the lowest gap matters here. Source: Linux mm/mremap.c
// vma_expandable().
bool Remapper::fits_in_place(const Vma& vma) const {
  if (vma.end() - from_ != old_bytes_) return false;
  const AddrRange growth{vma.end(), vma.end() + delta_bytes_};
  if (growth.empty() || s_.vmas_.find_overlap(growth) != nullptr) return false;
  return place(s_.vmas_, s_.options_,
               {.hint = vma.start(),
                .length_bytes = growth.end - vma.start(),
                .flags = abi::kMAP_FIXED})
      .ok();
}

// Source: Linux mm/mremap.c expand_vma_in_place(), mm/vma.c vma_merge_extend().
Result<VirtAddr> Remapper::grow_in_place(Vma& vma) {
  if (!may_charge(vma)) return Errno::kENOMEM;
  // Nothing below can fail.
  const AddrRange growth{vma.end(), vma.end() + delta_bytes_};
  VmaAttributes attributes = vma;
  attributes.pgoff += s_.page_size().pages(vma.range());
  to_ = from_;
  FL_CHECK(s_.merge_new(growth, attributes, MergeSides::kBoth) != nullptr);
  s_.account(attributes.flags, s_.page_size().pages(growth));
  s_.merged_range_ = growth;
  populate_growth(attributes.flags);
  return from_;
}

// Locked memory is brought in where it grows: row F11.
void Remapper::populate_growth(uint64_t vm_flags) {
  if (kind_ != Kind::kGrow || (vm_flags & kVmLocked) == 0) return;
  s_.populate_.push_back({to_ + old_bytes_, to_ + new_bytes_});
}

}  // namespace faultline::mm
