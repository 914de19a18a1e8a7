// Dirty pages, and how they reach the file: write-back and reclaim. Linux mm/page-writeback.c and
// shrink_folio_list() of mm/vmscan.c.
#include <algorithm>
#include <span>

#include "sim/base/check.h"
#include "sim/cache/page_cache.h"

namespace faultline::cache {

using phys::FrameFlag;

namespace {

uint16_t without(uint16_t flags, FrameFlag flag) {
  return static_cast<uint16_t>(flags & ~static_cast<uint16_t>(flag));
}

}  // namespace

void PageCache::mark_dirty(Backing& backing, uint64_t pgoff) {
  const Pfn pfn = find(backing, pgoff);
  FL_CHECK(pfn != kNoPfn);
  phys::PageFrame& frame = parts_.frames[pfn];
  frame.flags = static_cast<uint16_t>(frame.flags | FrameFlag::kFrameDirty);
  if (!backing.write_notify() || !backing.pages_.set_dirty(pgoff)) return;
  ++dirty_pages_;
  if (!backing.dirty_since_ticks_)
    backing.dirty_since_ticks_ = clock_ == nullptr ? 0 : clock_->now();
}

void PageCache::clear_dirty(Backing& backing, uint64_t pgoff, Pfn pfn) {
  phys::PageFrame& frame = parts_.frames[pfn];
  frame.flags = without(frame.flags, FrameFlag::kFrameDirty);
  if (backing.write_notify() && backing.pages_.clear_dirty(pgoff)) --dirty_pages_;
}

void PageCache::write_page(Backing& backing, uint64_t pgoff, Pfn pfn) {
  storage::SimFile& file = *backing.file_;
  if (parts_.frames.contents() == Contents::kNone) {
    file.write_page(pgoff, {});
  } else {
    // What mappings stored past the end of the file is not written, and is gone from memory too.
    // Source: Linux fs/ext4/page-io.c ext4_bio_write_folio(); measured, 6.18.
    if (backing.write_notify() && pgoff + 1 == backing.page_count() &&
        parts_.frames.has_bytes(pfn)) {
      const uint64_t used_bytes = file.size_bytes() - (pgoff << file.page_size().shift);
      const std::span<std::byte> tail = parts_.frames.writable_bytes(pfn).subspan(used_bytes);
      std::fill(tail.begin(), tail.end(), std::byte{0});
    }
    file.write_page(pgoff, parts_.frames.bytes(pfn));
  }
  parts_.disk.count_write();
  clear_dirty(backing, pgoff, pfn);
  if (listener_ != nullptr) listener_->on_write_back(backing, pgoff, pfn);
}

uint64_t PageCache::write_back(Backing& backing, PgoffRange range, hw::TlbGather& gather) {
  uint64_t written = 0;
  uint64_t next = range.first;
  while (const auto page = backing.pages_.first_dirty_from(next)) {
    // Not `>= range.end()`, which may wrap.
    if (page->pgoff - range.first >= range.count) break;
    parts_.reverse_map.clean_everywhere(page->pfn, gather);
    write_page(backing, page->pgoff, page->pfn);
    ++written;
    next = page->pgoff + 1;
  }
  return written;
}

uint64_t PageCache::write_back_file(Backing& backing, hw::TlbGather& gather) {
  const uint64_t written = write_back(backing, {0, backing.page_count()}, gather);
  backing.dirty_since_ticks_.reset();
  return written;
}

uint64_t PageCache::write_back_all(hw::TlbGather& gather) {
  uint64_t written = 0;
  for (uint32_t number = 1; number < slots_.size(); ++number) {
    Backing* const backing = find_backing(number);
    if (backing == nullptr || !backing->dirty_since_ticks_) continue;
    written += write_back_file(*backing, gather);
  }
  return written;
}

Backing* PageCache::find_oldest_dirty() const {
  Backing* oldest = nullptr;
  for (const Slot& slot : slots_) {
    Backing* const backing = slot.backing.get();
    if (backing == nullptr || !backing->dirty_since_ticks_) continue;
    if (oldest == nullptr || *backing->dirty_since_ticks_ < *oldest->dirty_since_ticks_)
      oldest = backing;
  }
  return oldest;
}

std::optional<base::Ticks> PageCache::dirty_since() const {
  const Backing* const oldest = find_oldest_dirty();
  return oldest == nullptr ? std::nullopt : oldest->dirty_since_ticks_;
}

bool PageCache::write_back_oldest(hw::TlbGather& gather) {
  Backing* const oldest = find_oldest_dirty();
  if (oldest == nullptr) return false;
  write_back_file(*oldest, gather);
  return true;
}

bool PageCache::unmap_for_reclaim(Backing& backing, Pfn pfn, hw::TlbGather& gather) {
  const phys::PageFrame& frame = parts_.frames[pfn];
  // Users are the page tables and the cache; one more is the kernel at work on the page.
  if (frame.refcount != frame.mapcount + 1) return false;
  if (!parts_.reverse_map.evictable(pfn)) return false;
  if (parts_.reverse_map.unmap_everywhere(pfn, hw::Pte{}, gather)) mark_dirty(backing, frame.pgoff);
  return true;
}

Reclaimed PageCache::page_out(Pfn pfn, hw::TlbGather& gather) {
  const phys::PageFrame& frame = parts_.frames[pfn];
  FL_CHECK((frame.flags & FrameFlag::kFrameFile) != 0);
  Backing& backing = *find_backing(frame.owner);
  if (!unmap_for_reclaim(backing, pfn, gather)) return Reclaimed::kBusy;
  if ((frame.flags & FrameFlag::kFrameDirty) != 0) return Reclaimed::kBusy;
  drop_page(backing, frame.pgoff, pfn);
  return Reclaimed::kDropped;
}

Reclaimed PageCache::reclaim_page(Pfn pfn, hw::TlbGather& gather) {
  const phys::PageFrame& frame = parts_.frames[pfn];
  FL_CHECK((frame.flags & FrameFlag::kFrameFile) != 0);
  Backing& backing = *find_backing(frame.owner);
  const uint64_t pgoff = frame.pgoff;
  if (!unmap_for_reclaim(backing, pfn, gather)) return Reclaimed::kBusy;
  const bool dirty = (frame.flags & FrameFlag::kFrameDirty) != 0;
  if (dirty) write_page(backing, pgoff, pfn);
  drop_page(backing, pgoff, pfn);
  return dirty ? Reclaimed::kWritten : Reclaimed::kDropped;
}

uint64_t PageCache::drop_clean(Backing& backing, PgoffRange range) {
  uint64_t dropped = 0;
  uint64_t next = range.first;
  while (const auto page = backing.pages_.first_from(next)) {
    if (page->pgoff - range.first >= range.count) break;
    next = page->pgoff + 1;
    const phys::PageFrame& frame = parts_.frames[page->pfn];
    if (frame.refcount > 1 || (frame.flags & FrameFlag::kFrameDirty) != 0) continue;
    drop_page(backing, page->pgoff, page->pfn);
    ++dropped;
  }
  return dropped;
}

void PageCache::invalidate(Backing& backing, PgoffRange range, hw::TlbGather& gather) {
  uint64_t next = range.first;
  while (const auto page = backing.pages_.first_from(next)) {
    if (page->pgoff - range.first >= range.count) break;
    next = page->pgoff + 1;
    parts_.reverse_map.unmap_everywhere(page->pfn, hw::Pte{}, gather);
    if (!backing.pages_.dirty(page->pgoff)) drop_page(backing, page->pgoff, page->pfn);
  }
}

}  // namespace faultline::cache
