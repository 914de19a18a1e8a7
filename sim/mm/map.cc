// mmap(2).
#include <utility>

#include "sim/base/align.h"
#include "sim/base/check.h"
#include "sim/mm/address_space.h"
#include "sim/mm/map_flags.h"
#include "sim/mm/placement.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

bool anonymous(const MapRequest& request) { return (request.flags & abi::kMAP_ANONYMOUS) != 0; }

// A hint below the lowest address is lifted, which MAP_FIXED's address is not: row A9.
// Source: Linux mm/mmap.c round_hint_to_min().
VirtAddr round_hint(VirtAddr hint, uint64_t lowest, PageSize page_size) {
  const VirtAddr rounded = page_size.align_down(hint);
  return rounded != VirtAddr{} && rounded.value < lowest ? VirtAddr{page_size.align_up(lowest)}
                                                         : rounded;
}

// Up to a huge page; what wraps is no hint. Source: Linux fs/hugetlbfs/inode.c
// hugetlb_get_unmapped_area().
VirtAddr align_hint(VirtAddr hint, uint64_t huge_page_bytes) {
  return {(hint.value + huge_page_bytes - 1) & ~(huge_page_bytes - 1)};
}

}  // namespace

Result<VirtAddr> AddressSpace::map(const MapRequest& request, hw::TlbGather& gather) {
  merged_range_.reset();
  FL_CHECK(anonymous(request) || request.file != nullptr);
  if (!page_size().aligned(request.offset_bytes)) return Errno::kEINVAL;
  uint64_t length_bytes = request.length_bytes;
  if ((request.flags & abi::kMAP_HUGETLB) != 0) {
    const uint64_t huge_bytes = find_huge_page_bytes(request.flags);
    if (!anonymous(request) || huge_bytes == 0) return Errno::kEINVAL;
    length_bytes = (length_bytes + huge_bytes - 1) & ~(huge_bytes - 1);
  }
  if (length_bytes == 0) return Errno::kEINVAL;
  length_bytes = page_size().align_up(length_bytes);
  if (length_bytes == 0) return Errno::kENOMEM;
  if (!base::checked_add(page_size().pages(request.offset_bytes), page_size().pages(length_bytes)))
    return Errno::kEOVERFLOW;
  if (map_count_ > options_.max_map_count) return Errno::kENOMEM;
  Result<NewMapping> mapping = plan_mapping(request, length_bytes);
  if (!mapping) return mapping.error();
  return map_mapping(*std::move(mapping), request, gather);
}

// Where and how: all checks that come before anything is touched. Source: Linux mm/mmap.c
// do_mmap().
Result<AddressSpace::NewMapping> AddressSpace::plan_mapping(const MapRequest& request,
                                                            uint64_t length_bytes) const {
  const uint64_t flags =
      request.flags | ((request.flags & abi::kMAP_FIXED_NOREPLACE) != 0 ? abi::kMAP_FIXED : 0);
  const bool fixed = (flags & abi::kMAP_FIXED) != 0;
  const uint64_t vm_flags = flags_of_mapping(request.prot, flags);

  PlaceRequest where;
  where.hint =
      fixed ? request.hint : round_hint(request.hint, options_.hint_min_address, page_size());
  where.length_bytes = length_bytes;
  where.flags = flags;
  if ((flags & abi::kMAP_HUGETLB) != 0) {
    where.alignment_bytes = find_huge_page_bytes(flags);
    const VirtAddr aligned = align_hint(where.hint, where.alignment_bytes);
    if (fixed && where.hint != aligned && length_bytes <= vmas_.user_end().value)
      return Errno::kEINVAL;
    where.hint = aligned;
  } else if (!anonymous(request)) {
    where.offset_bytes = request.offset_bytes;
    const auto& backing = request.file->backing;
    // Disk file systems ask for room for huge pages; tmpfs does not, mounted without them.
    if (backing != nullptr && backing->write_notify()) where.huge_page_bytes = huge_page_bytes();
  } else if ((flags & abi::kMAP_SHARED) == 0 && where.hint == VirtAddr{} &&
             huge_page_bytes() != 0 && length_bytes % huge_page_bytes() == 0) {
    where.huge_page_bytes = huge_page_bytes();
  }
  const Result<VirtAddr> address = place(vmas_, options_, where);
  if (!address) return address.error();

  NewMapping mapping{.range = {*address, *address + length_bytes}, .attributes = {}};
  if ((flags & abi::kMAP_FIXED_NOREPLACE) != 0 && vmas_.find_overlap(mapping.range) != nullptr)
    return Errno::kEEXIST;
  if ((flags & abi::kMAP_LOCKED) != 0 && !can_lock()) return Errno::kEPERM;
  if (!may_lock(vm_flags, length_bytes)) return Errno::kEAGAIN;

  const FileExtent extent{request.offset_bytes, length_bytes};
  const Result<uint64_t> checked =
      !anonymous(request)
          ? check_file_flags({*request.file, request.prot, flags, extent}, vm_flags, page_size())
      : (flags & abi::kMAP_HUGETLB) != 0
          ? check_huge_page_flags(flags, vm_flags, extent, page_size())
          : check_anonymous_flags(flags, vm_flags);
  if (!checked) return checked.error();
  mapping.attributes.flags = *checked | (unreserved(flags) ? kVmNoReserve : 0);
  mapping.shared_anon = anonymous(request) && (*checked & kVmShared) != 0;
  if (!anonymous(request)) {
    mapping.attributes.backing = request.file->backing;
    // Only remap_file_pages() maps the object of a shared anonymous mapping, which has no file.
    if (request.file->backing->file().kind() != storage::FileKind::kSharedAnon)
      mapping.attributes.file = request.file;
    mapping.attributes.pgoff = page_size().pages(request.offset_bytes);
  } else if ((flags & abi::kMAP_HUGETLB) != 0) {
    mapping.attributes.name = VmaName("/anon_hugepage (deleted)");
    mapping.attributes.pgoff = page_size().pages(request.offset_bytes);
  } else if (!mapping.shared_anon) {
    mapping.attributes.pgoff = page_size().vpn(*address).value;
  }
  return mapping;
}

// What the rights, MAP_... and the process itself ask for. Source: Linux mm/mmap.c do_mmap().
uint64_t AddressSpace::flags_of_mapping(uint64_t prot, uint64_t map_flags) const {
  const bool executable = read_implies_exec() && (prot & abi::kPROT_READ) != 0;
  return vm_flags_of(prot, map_flags) | default_flags_ | (executable ? kVmExec : 0);
}

// Whether MAP_NORESERVE is heeded: always by huge pages, else where more may be promised than there
// is. Source: Linux mm/mmap.c do_mmap().
bool AddressSpace::unreserved(uint64_t map_flags) const {
  return (map_flags & abi::kMAP_NORESERVE) != 0 &&
         ((map_flags & abi::kMAP_HUGETLB) != 0 ||
          commit_.settings().overcommit != Overcommit::kNever);
}

// Makes room and makes the VMA. Source: Linux mm/vma.c __mmap_region(), 6.18.
Result<VirtAddr> AddressSpace::map_mapping(NewMapping mapping, const MapRequest& request,
                                           hw::TlbGather& gather) {
  if (denies_write_exec(mapping.attributes.flags, mapping.attributes.flags)) return Errno::kEACCES;
  const Result<Gathered> replaced = gather_vmas(mapping.range);
  if (!replaced) return replaced.error();
  if (const Result<void> charged = charge_mapping(mapping, *replaced); !charged)
    return charged.error();
  remove_vmas(mapping.range, gather);
  // As in Linux, what was there is gone when one of these fails.
  if (const std::optional<Errno> error = open_mapping(mapping, request)) return *error;
  // Nothing below can fail.
  const uint64_t vm_flags = mapping.attributes.flags;
  const bool fresh_object = mapping.shared_anon || (vm_flags & kVmHugeTlb) != 0;
  Vma* vma = nullptr;
  if (!fresh_object) vma = merge_new(mapping.range, mapping.attributes, MergeSides::kBoth);
  if (vma == nullptr) vma = &insert_vma(mapping.range, std::move(mapping.attributes));
  // What cannot be locked loses the flags only now: it has not merged with its like, and is faulted
  // in all the same.
  if ((vm_flags & kVmNotLockable) != 0) vma->flags &= ~kVmLockMask;
  if (vma->flags == vm_flags) merged_range_ = mapping.range;
  account(vma->flags, page_size().pages(mapping.range));
  if ((vm_flags & kVmLocked) != 0 ||
      (request.flags & (abi::kMAP_POPULATE | abi::kMAP_NONBLOCK)) == abi::kMAP_POPULATE)
    populate_.push_back(mapping.range);
  return mapping.range.start;
}

// Row A12. Errors: kENOMEM.
Result<void> AddressSpace::charge_mapping(NewMapping& mapping, const Gathered& replaced) {
  uint64_t& flags = mapping.attributes.flags;
  const uint64_t pages = page_size().pages(mapping.range);
  if (!may_expand(flags, pages - replaced.pages)) return Errno::kENOMEM;
  const bool huge = (flags & kVmHugeTlb) != 0;
  if (!huge && (flags & (kVmNoReserve | kVmShared | kVmWrite)) == kVmWrite) {
    if (pages > replaced.accounted && !enough_memory(pages - replaced.accounted))
      return Errno::kENOMEM;
    flags |= kVmAccount;
  }
  return {};
}

// What the file has to say to being mapped: Linux's f_op->mmap, and shmem_zero_setup().
std::optional<Errno> AddressSpace::open_mapping(NewMapping& mapping, const MapRequest& request) {
  VmaAttributes& attributes = mapping.attributes;
  if ((attributes.flags & kVmHugeTlb) != 0) {
    // Source: Linux fs/hugetlbfs/inode.c hugetlbfs_file_mmap().
    if (request.offset_bytes % find_huge_page_bytes(request.flags) != 0) return Errno::kEINVAL;
    // There is no pool of huge pages to reserve from.
    if ((attributes.flags & kVmNoReserve) == 0) return Errno::kENOMEM;
    mapping.shared_anon = false;
    return std::nullopt;
  }
  if (mapping.shared_anon) {
    const bool charged = (attributes.flags & kVmNoReserve) == 0;
    if (charged && !enough_memory(page_size().pages(mapping.range))) return Errno::kENOMEM;
    FL_CHECK(request.make_shared_anon != nullptr);
    attributes.backing = request.make_shared_anon(mapping.range.size_bytes());
    attributes.flags |= kVmAnonShmem;
    if (charged)
      attributes.backing =
          commit_.hold_object(std::move(attributes.backing), page_size().pages(mapping.range));
    return std::nullopt;
  }
  const cache::Backing* const backing = attributes.backing.get();
  if (backing != nullptr && !backing->write_notify() && backing->file().unlinked())
    attributes.flags |= kVmAnonShmem;
  // MAP_SYNC needs a device that is memory. Source: Linux fs/ext4/file.c ext4_file_mmap_prepare().
  if ((attributes.flags & kVmSync) != 0 && backing != nullptr && backing->write_notify())
    return Errno::kEOPNOTSUPP;
  return std::nullopt;
}

}  // namespace faultline::mm
