// prctl(PR_SET_VMA_ANON_NAME): names of anonymous memory, which keep it apart from what has
// another.
#include <algorithm>
#include <string>

#include "sim/mm/address_space.h"

namespace faultline::mm {
namespace {

// Private anonymous memory, and tmpfs that had no name when it was mapped.
bool can_be_named(const Vma& vma) {
  if (vma.backing == nullptr) return !vma.has(kVmHugeTlb);
  return vma.has(kVmAnonShmem);
}

VmaName label_of(const Vma& vma, std::string_view name) {
  if (name.empty()) return {};
  const std::string_view prefix = vma.backing == nullptr ? "[anon:" : "[anon_shmem:";
  return VmaName(std::string(prefix) + std::string(name) + "]");
}

}  // namespace

// Source: Linux mm/madvise.c madvise_set_anon_name(), madvise_walk_vmas(), 6.18.
Result<void> AddressSpace::set_name(VirtAddr start, uint64_t length_bytes, std::string_view name) {
  merged_range_.reset();
  if (!page_size().aligned(start)) return Errno::kEINVAL;
  const uint64_t rounded = page_size().align_up(length_bytes);
  const VirtAddr end = start + rounded;
  if ((length_bytes != 0 && rounded == 0) || end < start) return Errno::kEINVAL;
  if (end == start) return {};
  Result<void> done;
  VirtAddr at = start;
  for (Vma* vma = vmas_.find(at); at < end; vma = vmas_.next(*vma)) {
    if (vma == nullptr) return Errno::kENOMEM;
    if (at < vma->start()) done = Errno::kENOMEM;
    at = std::max(at, vma->start());
    if (at >= end) break;
    const AddrRange part{at, std::min(vma->end(), end)};
    const Result<Vma*> named = name_part(*vma, part, name);
    if (!named) return named.error();
    vma = *named;
    at = vma->end();
  }
  return done;
}

// The VMA that holds `part` of `vma` then. Errors: kEBADF (a file), kEAGAIN (max_map_count).
// Source: Linux mm/madvise.c madvise_vma_anon_name(), madvise_update_vma().
Result<Vma*> AddressSpace::name_part(Vma& vma, AddrRange part, std::string_view name) {
  if (!can_be_named(vma)) return Errno::kEBADF;
  const VmaName label = label_of(vma, name);
  if (vma.name == label) return &vma;
  const Result<Vma*> named = modify(vma, part, {vma.flags, label});
  if (!named) return named.error() == Errno::kENOMEM ? Errno::kEAGAIN : named.error();
  merged_range_ = part;
  return *named;
}

}  // namespace faultline::mm
