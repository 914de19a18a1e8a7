#include "sim/reclaim/page_out.h"

#include <cstdint>
#include <optional>

#include "sim/base/check.h"
#include "sim/hw/pte.h"

namespace faultline::reclaim {

bool may_discard(const phys::FrameTable& frames, const rmap::ReverseMap& reverse_map, Pfn pfn) {
  const uint16_t flags = frames[pfn].flags;
  if ((flags & phys::kFrameDroppable) != 0) return true;
  return (flags & phys::kFrameLazyFree) != 0 && (flags & phys::kFrameDirty) == 0 &&
         !reverse_map.dirty(pfn);
}

void PageOut::page_out(Pfn pfn, hw::TlbGather& gather) {
  if ((parts_.frames[pfn].flags & phys::kFrameFile) != 0) return page_out_file_page(pfn, gather);
  page_out_anon_page(pfn, gather);
}

void PageOut::page_out_file_page(Pfn pfn, hw::TlbGather& gather) {
  const bool disk = parts_.cache.find_backing(parts_.frames[pfn].owner)->write_notify();
  if (disk || parts_.swap == nullptr) {
    parts_.cache.page_out(pfn, gather);
  } else {
    parts_.cache.reclaim_page(pfn, gather);  // tmpfs swaps
  }
}

void PageOut::page_out_anon_page(Pfn pfn, hw::TlbGather& gather) {
  phys::PageFrame& frame = parts_.frames[pfn];
  FL_CHECK((frame.flags & phys::kFrameAnon) != 0 && frame.mapcount > 0);
  if (frame.refcount != frame.mapcount || !parts_.reverse_map.evictable(pfn)) return;
  if (may_discard(parts_.frames, parts_.reverse_map, pfn)) {
    parts_.reverse_map.unmap_everywhere(pfn, hw::Pte{}, gather);
    return;
  }
  // Stored to again, it is an ordinary page again, which the next attempt may swap.
  if ((frame.flags & phys::kFrameLazyFree) != 0) {
    frame.flags = static_cast<uint16_t>(frame.flags & ~phys::kFrameLazyFree);
    return;
  }
  if (parts_.swap == nullptr) return;
  const std::optional<uint32_t> slot = parts_.swap->write(pfn);
  if (!slot) return;
  // Nothing below can fail.
  parts_.reverse_map.unmap_everywhere(pfn, hw::Pte::make_swap(*slot), gather);
  parts_.swap->put_slot(*slot);
}

}  // namespace faultline::reclaim
