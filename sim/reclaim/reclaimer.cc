#include "sim/reclaim/reclaimer.h"

#include <optional>

#include "sim/base/check.h"
#include "sim/hw/pte.h"
#include "sim/reclaim/page_out.h"

namespace faultline::reclaim {

Reclaimer::Reclaimer(const Parts& parts)
    : parts_(parts), enters_referenced_(parts.policy.enters_referenced()) {
  FL_CHECK(parts.allocator.in_use() == 0);
}

void Reclaimer::on_taken(Pfn pfn) {
  parts_.policy.on_insert(pfn);
  if (pfn.value >= held_.size()) held_.resize(pfn.value + size_t{1});
  held_[pfn.value] = true;
  parts_.frames.last_references()[pfn.value] = parts_.references;
  if (!enters_referenced_) entered_.push_back(pfn);
}

void Reclaimer::on_freed(Pfn pfn) {
  held_[pfn.value] = false;
  if (pfn != victim_) parts_.policy.on_remove(pfn);
}

bool Reclaimer::evict_one(hw::TlbGather& gather) {
  FL_CHECK(victim_ == kNoPfn);
  gather_ = &gather;
  victim_ = parts_.policy.choose_victim(*this);
  gather_ = nullptr;
  if (victim_ == kNoPfn) return false;

  const Pfn victim = victim_;
  const bool is_file_page = (parts_.frames[victim].flags & phys::kFrameFile) != 0;
  const rmap::Mapping mapping =
      listener_ == nullptr ? rmap::Mapping{} : parts_.reverse_map.first_mapping(victim);
  bool dirty = false;
  const bool freed = is_file_page ? evict_file_page(victim, gather, &dirty)
                                  : evict_anon_page(victim, gather, &dirty);
  victim_ = kNoPfn;
  if (!freed) {
    parts_.policy.on_insert(victim);
    return false;
  }
  FL_CHECK(!held_[victim.value]);
  ++evictions_;
  dirty_evictions_ += dirty ? 1 : 0;
  if (listener_ != nullptr) listener_->on_evict({victim, mapping, dirty});
  return true;
}

bool Reclaimer::evict_file_page(Pfn victim, hw::TlbGather& gather, bool* dirty) {
  const cache::Reclaimed reclaimed = parts_.cache.reclaim_page(victim, gather);
  *dirty = reclaimed == cache::Reclaimed::kWritten;
  return reclaimed != cache::Reclaimed::kBusy;
}

bool Reclaimer::evict_anon_page(Pfn victim, hw::TlbGather& gather, bool* dirty) {
  const phys::PageFrame& frame = parts_.frames[victim];
  if (may_discard(parts_.frames, parts_.reverse_map, victim)) {
    parts_.reverse_map.unmap_everywhere(victim, hw::Pte{}, gather);
    return true;
  }
  const std::optional<uint32_t> slot = parts_.swap.write(victim);
  if (!slot) return false;
  // Nothing below can fail.
  *dirty = (frame.flags & phys::kFrameDirty) != 0;
  // Each PTE takes a reference to the slot as it becomes a swap entry; the frame goes with the
  // last.
  *dirty |= parts_.reverse_map.unmap_everywhere(victim, hw::Pte::make_swap(*slot), gather);
  parts_.swap.put_slot(*slot);
  return true;
}

void Reclaimer::clear_entered(hw::TlbGather& gather) {
  for (const Pfn pfn : entered_)
    if (held_[pfn.value]) parts_.reverse_map.test_and_clear_accessed(pfn, gather);
  entered_.clear();
}

uint64_t Reclaimer::last_reference(Pfn frame) const {
  return parts_.frames.last_references()[frame.value];
}

bool Reclaimer::test_and_clear_accessed(Pfn frame) {
  FL_CHECK(gather_ != nullptr);
  return parts_.reverse_map.test_and_clear_accessed(frame, *gather_);
}

bool Reclaimer::evictable(Pfn frame) const {
  const phys::PageFrame& page = parts_.frames[frame];
  if ((page.flags & phys::kFrameWriteback) != 0) return false;
  const bool is_file_page = (page.flags & phys::kFrameFile) != 0;
  const bool is_mapped_anon_page = (page.flags & phys::kFrameAnon) != 0 && page.mapcount > 0;
  if (!is_file_page && !is_mapped_anon_page) return false;
  // Anything more is somebody at work on the page.
  if (page.refcount != page.mapcount + (is_file_page ? 1 : 0)) return false;
  return parts_.reverse_map.evictable(frame);
}

void Reclaimer::validate() const {
  parts_.policy.validate();
  FL_CHECK_MSG(parts_.policy.size() == parts_.allocator.in_use(),  // 1
               "the policy holds {} frames, {} are in use", parts_.policy.size(),
               parts_.allocator.in_use());
  for (uint32_t i = 1; i < parts_.frames.size(); ++i) {
    const bool in_use = (parts_.frames[Pfn{i}].flags & phys::kFrameInUse) != 0;
    FL_CHECK_MSG((i < held_.size() && held_[i]) == in_use,  // 1
                 "frame {}: in use or held by the policy, not both", i);
  }
  FL_CHECK_MSG(gather_ == nullptr && victim_ == kNoPfn, "an eviction is under way");  // 2
  FL_CHECK(dirty_evictions_ <= evictions_);                                           // 3
}

}  // namespace faultline::reclaim
