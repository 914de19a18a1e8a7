#include "sim/reclaim/reclaimer.h"

#include <algorithm>
#include <optional>
#include <span>

#include "sim/base/check.h"
#include "sim/hw/pte.h"
#include "sim/reclaim/page_out.h"

namespace faultline::reclaim {

Reclaimer::Reclaimer(const Parts& parts)
    : parts_(parts),
      enters_referenced_(parts.policy.enters_referenced()),
      logs_(parts.policy.sees() == PolicySees::kEveryReference),
      knows_pages_(parts.policy.knows_pages()),
      ticks_(parts.policy.tick_references() == 0 ? kNever : parts.policy.tick_references()),
      next_tick_(ticks_) {
  FL_CHECK(parts.allocator.in_use() == 0);
}

void Reclaimer::expect(cache::PageKey page, hw::TlbGather& gather) {
  hand_over_log();
  give_up_early(gather);
  if (knows_pages_) incoming_ = numbers_.find_or_make(page);
}

void Reclaimer::on_taken(Pfn pfn) {
  hand_over_log();
  if (knows_pages_) {
    const PageId page = incoming_ == kNoPage ? numbers_.make_stray() : incoming_;
    incoming_ = kNoPage;
    numbers_.on_insert(pfn, page);
    parts_.policy.on_insert(pfn, page);
  } else {
    parts_.policy.on_insert(pfn, kNoPage);
  }
  if (pfn.value >= held_.size()) held_.resize(pfn.value + size_t{1});
  held_[pfn.value] = true;
  parts_.frames.last_references()[pfn.value] = parts_.references;
  if (!enters_referenced_ || logs_) entered_.push_back(pfn);
}

void Reclaimer::on_freed(Pfn pfn) {
  held_[pfn.value] = false;
  if (knows_pages_) numbers_.on_remove(pfn);
  if (pfn == victim_) return;
  hand_over_log();
  parts_.policy.on_remove(pfn);
}

// The zero page is nobody's.
void Reclaimer::hand_over_log() {
  const std::span<Reference> told = log_.take();
  if (told.empty()) return;
  size_t kept = 0;
  for (const Reference& reference : told)
    if (reference.frame != phys::kZeroPagePfn) told[kept++] = reference;
  parts_.policy.on_references(told.first(kept));
}

void Reclaimer::pass_tick(hw::TlbGather& gather) {
  hand_over_log();
  gather_ = &gather;
  parts_.policy.on_tick(*this);
  gather_ = nullptr;
  next_tick_ = parts_.references - parts_.references % ticks_ + ticks_;
  give_up_early(gather);
}

void Reclaimer::finish_reference(Pfn frame, hw::TlbGather& gather) {
  if (logs_) {
    const bool brought_in =
        std::find(entered_.begin(), entered_.end(), frame) != entered_.end() && held_[frame.value];
    log_reference(frame, parts_.references, brought_in);
  }
  if (!enters_referenced_) clear_entered(gather);
  entered_.clear();
  if (parts_.references >= next_tick_) pass_tick(gather);
}

// A page that cannot be given up after all ends it: it would be chosen again.
void Reclaimer::give_up_early(hw::TlbGather& gather) {
  if (!parts_.policy.gives_up_early()) return;
  while (true) {
    gather_ = &gather;
    const Pfn victim = parts_.policy.choose_early(*this);
    gather_ = nullptr;
    if (victim == kNoPfn || !evict(victim, gather)) return;
  }
}

bool Reclaimer::evict_one(hw::TlbGather& gather) {
  hand_over_log();
  gather_ = &gather;
  const Pfn victim = parts_.policy.choose_victim(*this, incoming_);
  gather_ = nullptr;
  return victim != kNoPfn && evict(victim, gather);
}

bool Reclaimer::evict(Pfn victim, hw::TlbGather& gather) {
  FL_CHECK(victim_ == kNoPfn);
  victim_ = victim;
  const bool is_file_page = (parts_.frames[victim].flags & phys::kFrameFile) != 0;
  const rmap::Mapping mapping =
      listener_ == nullptr ? rmap::Mapping{} : parts_.reverse_map.first_mapping(victim);
  bool dirty = false;
  const bool freed = is_file_page ? evict_file_page(victim, gather, &dirty)
                                  : evict_anon_page(victim, gather, &dirty);
  victim_ = kNoPfn;
  if (!freed) {
    parts_.policy.on_insert(victim, knows_pages_ ? numbers_.page_in(victim) : kNoPage);
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
}

uint64_t Reclaimer::last_reference(Pfn frame) const {
  return parts_.frames.last_references()[frame.value];
}

bool Reclaimer::test_and_clear_accessed(Pfn frame) {
  FL_CHECK(gather_ != nullptr);
  return parts_.reverse_map.test_and_clear_accessed(frame, *gather_);
}

bool Reclaimer::dirty(Pfn frame) const {
  return (parts_.frames[frame].flags & phys::kFrameDirty) != 0 || parts_.reverse_map.dirty(frame);
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
  if (knows_pages_) numbers_.validate();                                              // 4
  FL_CHECK_MSG(gather_ == nullptr && victim_ == kNoPfn, "an eviction is under way");  // 2
  FL_CHECK(dirty_evictions_ <= evictions_);                                           // 3
}

}  // namespace faultline::reclaim
