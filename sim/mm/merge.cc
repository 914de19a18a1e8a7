#include "sim/mm/merge.h"

#include <utility>

#include "sim/base/check.h"
#include "sim/mm/address_space.h"

namespace faultline::mm {
namespace {

bool same_attributes(const VmaAttributes& a, const VmaAttributes& b) {
  return ((a.flags ^ b.flags) & ~kVmIgnoredInMerge) == 0 && a.file == b.file &&
         a.backing == b.backing && a.name == b.name;
}

// A VMA whose anonymous pages were inherited over fork takes no mapping without such pages, nor is
// taken by one. Source: Linux mm/vma.c is_mergeable_anon_vma(), 6.18.
bool compatible_anon(const Vma& target, AnonVma joining) {
  // Differs from Linux: inferred mappings join whatever their pages belong to, to keep them few.
  if (target.has(kVmInferred)) return true;
  if (!target.anon_vma) return !joining.inherited();
  if (!joining) return !target.anon_vma.inherited();
  return target.anon_vma.number == joining.number;
}

void adopt_anon(Vma& target, AnonVma anon_vma) {
  if (!target.anon_vma) target.anon_vma = anon_vma;
}

void adopt_flags(Vma& target, uint64_t joined) { target.flags |= joined & kVmSticky; }

}  // namespace

bool can_extend_up(const Vma& below, const MergeCandidate& candidate, PageSize page_size) {
  return below.end() == candidate.range.start && same_attributes(below, candidate.attributes) &&
         (below.flags & kVmSpecial) == 0 && compatible_anon(below, candidate.attributes.anon_vma) &&
         below.pgoff + page_size.pages(below.range()) == candidate.attributes.pgoff;
}

bool can_extend_down(const Vma& above, const MergeCandidate& candidate, PageSize page_size) {
  return above.start() == candidate.range.end && same_attributes(above, candidate.attributes) &&
         (above.flags & kVmSpecial) == 0 && compatible_anon(above, candidate.attributes.anon_vma) &&
         candidate.attributes.pgoff + page_size.pages(candidate.range) == above.pgoff;
}

bool can_join(const Vma& below, const Vma& above) {
  return below.has(kVmInferred) || !below.anon_vma || !above.anon_vma ||
         below.anon_vma.number == above.anon_vma.number;
}

// Source: Linux mm/vma.c vma_merge_new_range().
Vma* AddressSpace::merge_new(AddrRange range, const VmaAttributes& attributes, MergeSides sides) {
  Vma* const above = vmas_.find(range.start);
  Vma* const below = above == nullptr ? vmas_.last() : vmas_.prev(*above);
  const MergeCandidate candidate{range, attributes};
  const bool up = below != nullptr && can_extend_up(*below, candidate, page_size());
  bool down = sides == MergeSides::kBoth && above != nullptr &&
              can_extend_down(*above, candidate, page_size());
  if (up && down) down = can_join(*below, *above);
  if (up && down) {
    const VirtAddr end = above->end();
    adopt_anon(*below, above->anon_vma ? above->anon_vma : attributes.anon_vma);
    adopt_flags(*below, above->flags | attributes.flags);
    erase_vma(*above);
    vmas_.resize(*below, {below->start(), end});
    return below;
  }
  if (up) {
    adopt_anon(*below, attributes.anon_vma);
    adopt_flags(*below, attributes.flags);
    vmas_.resize(*below, {below->start(), range.end});
    return below;
  }
  if (down) {
    adopt_anon(*above, attributes.anon_vma);
    adopt_flags(*above, attributes.flags);
    vmas_.resize(*above, {range.start, above->end()});
    above->pgoff = attributes.pgoff;
    return above;
  }
  return nullptr;
}

// Joins `range`, a part of `middle` that is changed, to a neighbour, or both.
// Source: Linux mm/vma.c vma_merge_existing_range().
Vma* AddressSpace::merge_existing(Vma& middle, AddrRange range, const VmaChange& change) {
  const uint64_t flags = change.flags;
  const bool at_start = range.start == middle.start();
  const bool at_end = range.end == middle.end();
  if ((flags & kVmSpecial) != 0 || (!at_start && !at_end)) return nullptr;

  VmaAttributes attributes = middle;
  attributes.flags = flags;
  attributes.name = change.name;
  attributes.pgoff = middle.pgoff_of(range.start, page_size());
  const MergeCandidate candidate{range, attributes};
  Vma* const below = at_start ? vmas_.prev(middle) : nullptr;
  Vma* const above = at_end ? vmas_.next(middle) : nullptr;
  const bool up = below != nullptr && can_extend_up(*below, candidate, page_size());
  bool down = above != nullptr && can_extend_down(*above, candidate, page_size());
  if (up && down) down = can_join(*below, *above);
  if (!up && !down) return nullptr;

  const AddrRange old = middle.range();
  if (up && down) {
    const VirtAddr end = above->end();
    adopt_anon(*below, above->anon_vma ? above->anon_vma : middle.anon_vma);
    adopt_flags(*below, above->flags | flags);
    erase_vma(*above);
    erase_vma(middle);
    vmas_.resize(*below, {below->start(), end});
    return below;
  }
  Vma& target = up ? *below : *above;
  adopt_anon(target, middle.anon_vma);
  adopt_flags(target, flags);
  if (range == old) {
    erase_vma(middle);
  } else if (up) {
    middle.pgoff += page_size().pages(range);
    vmas_.resize(middle, {range.end, old.end});
  } else {
    vmas_.resize(middle, {old.start, range.start});
  }
  if (up) {
    vmas_.resize(target, {target.start(), range.end});
  } else {
    target.pgoff -= page_size().pages(range);
    vmas_.resize(target, {range.start, target.end()});
  }
  return &target;
}

Result<Vma*> AddressSpace::modify_flags(Vma& vma, AddrRange range, uint64_t flags) {
  return modify(vma, range, {flags, vma.name});
}

// Changes `range`, a part of `vma`, by joining it to a neighbour that is as it shall be, or by
// splitting. The VMA that holds it then.
// Errors: kENOMEM (max_map_count); the lower split may have been done.
// Source: Linux mm/vma.c vma_modify().
Result<Vma*> AddressSpace::modify(Vma& vma, AddrRange range, VmaChange change) {
  if (Vma* merged = merge_existing(vma, range, change)) return merged;
  Vma* part = &vma;
  if (part->start() < range.start) {
    if (map_count_ >= options_.max_map_count) return Errno::kENOMEM;
    if (!may_split(*part, range.start)) return Errno::kEINVAL;
    part = &split_vma(*part, range.start);
  }
  if (range.end < part->end()) {
    if (map_count_ >= options_.max_map_count) return Errno::kENOMEM;
    if (!may_split(*part, range.end)) return Errno::kEINVAL;
    split_vma(*part, range.end);
  }
  part->flags = change.flags;
  part->name = std::move(change.name);
  return part;
}

}  // namespace faultline::mm
