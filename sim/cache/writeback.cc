// Dirty pages, and how they reach the file: write-back and reclaim. Linux mm/page-writeback.c and
// shrink_folio_list() of mm/vmscan.c.
#include <algorithm>
#include <span>
#include <utility>

#include "sim/base/check.h"
#include "sim/cache/page_cache.h"

namespace faultline::cache {

using phys::FrameFlag;

namespace {

uint16_t without(uint16_t flags, FrameFlag flag) {
  return static_cast<uint16_t>(flags & ~static_cast<uint16_t>(flag));
}

}  // namespace

void PageCache::mark_page_dirty(Backing& backing, uint64_t pgoff, phys::PageFrame& frame) {
  frame.flags = static_cast<uint16_t>(frame.flags | FrameFlag::kFrameDirty);
  if (!backing.write_notify() || !backing.pages_.set_dirty(pgoff)) return;
  ++dirty_pages_;
  if (!backing.dirty_since_ticks_)
    backing.dirty_since_ticks_ = clock_ == nullptr ? 0 : clock_->now();
}

void PageCache::mark_dirty(Backing& backing, uint64_t pgoff) {
  phys::PageFrame& frame = frame_at(backing, pgoff);
  if (backing.write_notify()) backing.file_->promise(pgoff);
  if (frame.order == 0) return mark_page_dirty(backing, pgoff, frame);
  const bool was_dirty = (frame.flags & FrameFlag::kFrameDirty) != 0;
  frame.flags = static_cast<uint16_t>(frame.flags | FrameFlag::kFrameBlockDirty);
  if (was_dirty) return;
  const PgoffRange folio = folio_of(frame);
  for (uint64_t page = folio.first; page < folio.end(); ++page)
    mark_page_dirty(backing, page, frame_at(backing, page));
}

void PageCache::mark_stored(Backing& backing, uint64_t pgoff) {
  const PgoffRange folio = folio_at(backing, pgoff);
  // Source: Linux mm/page-writeback.c folio_mark_dirty(), which write(2) does not use.
  clear_flag(backing, folio, FrameFlag::kFrameReadahead);
  const uint64_t end = std::min(folio.end(), std::max(backing.page_count(), pgoff + 1));
  for (uint64_t page = folio.first; page < end; ++page) mark_dirty(backing, page);
}

void PageCache::clear_dirty(Backing& backing, uint64_t pgoff, Pfn pfn) {
  phys::PageFrame& frame = parts_.frames[pfn];
  frame.flags = without(without(frame.flags, FrameFlag::kFrameDirty), FrameFlag::kFrameBlockDirty);
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

// Blocks past the end are clean then and up to date, and what was promised to them stays promised.
// A block that has no room, and was promised none, is dirty because its folio is: nothing is
// written. Source: Linux fs/ext4/page-io.c ext4_bio_write_folio(), 6.18.
uint64_t PageCache::write_folio(Backing& backing, PgoffRange folio) {
  clear_flag(backing, folio, FrameFlag::kFrameReadahead);
  const storage::SimFile& file = *backing.file_;
  uint64_t written = 0;
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff) {
    const Pfn pfn = find(backing, pgoff);
    phys::PageFrame& frame = parts_.frames[pfn];
    const bool past_end = pgoff >= backing.page_count();
    const bool room = file.has_page(pgoff) || file.reserved(pgoff) || file.promised(pgoff);
    if (block_dirty(frame) && !past_end && room) {
      write_page(backing, pgoff, pfn);
      ++written;
      continue;
    }
    clear_dirty(backing, pgoff, pfn);
    if (past_end && folio.count > 1 && (frame.flags & FrameFlag::kFrameUptodate) == 0)
      frame.flags = static_cast<uint16_t>(frame.flags | FrameFlag::kFrameBlockUptodate);
  }
  return written;
}

uint64_t PageCache::write_back(Backing& backing, PgoffRange range, hw::TlbGather& gather) {
  uint64_t written = 0;
  uint64_t next = range.first;
  while (const auto dirty = backing.pages_.first_dirty_from(next)) {
    if (!range.contains(dirty->pgoff)) break;
    const PgoffRange folio = folio_of(parts_.frames[dirty->pfn]);
    for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff)
      parts_.reverse_map.clean_everywhere(find(backing, pgoff), gather);
    written += write_folio(backing, folio);
    next = folio.end();
    // What lies behind waits for the next time. Source: Linux fs/ext4/inode.c
    // mpage_process_page_bufs(), scanned_until_end.
    if (backing.write_notify() && next >= backing.page_count()) break;
  }
  return written;
}

uint64_t PageCache::write_back_file(Backing& backing, hw::TlbGather& gather) {
  const uint64_t written = write_back(backing, {0, ~uint64_t{0}}, gather);
  backing.dirty_since_ticks_.reset();
  if (backing.pages_.first_dirty_from(0))
    backing.dirty_since_ticks_ = clock_ == nullptr ? 0 : clock_->now();
  return written;
}

void PageCache::flush_delayed(Backing& backing, hw::TlbGather& gather) {
  if (backing.file_->next_promised(0)) write_back(backing, {0, ~uint64_t{0}}, gather);
}

void PageCache::flush_replaced(hw::TlbGather& gather) {
  for (const uint32_t number : std::exchange(replaced_, {}))
    if (Backing* const backing = find_backing(number)) flush_delayed(*backing, gather);
}

void PageCache::note_renamed_over(const storage::SimFile& file) {
  const auto entry = numbers_.find(file.inode());
  if (entry != numbers_.end() && file.kind() == storage::FileKind::kDisk)
    replaced_.push_back(entry->second);
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

Reclaimed PageCache::page_out(Pfn pfn, hw::TlbGather& gather) {
  const phys::PageFrame& frame = parts_.frames[pfn];
  FL_CHECK((frame.flags & FrameFlag::kFrameFile) != 0);
  Backing& backing = *find_backing(frame.owner);
  const PgoffRange folio = folio_of(frame);
  if (!evictable(backing, folio)) return Reclaimed::kBusy;
  if (unmap_folio(backing, folio, gather)) mark_dirty(backing, frame.pgoff);
  if ((frame.flags & FrameFlag::kFrameDirty) != 0) {
    // To be dropped as soon as it is written: PG_reclaim, which is the same bit as PG_readahead, so
    // that the next use is taken for the start of read-ahead.
    if (backing.write_notify()) set_flag(backing, folio, FrameFlag::kFrameReadahead);
    return Reclaimed::kBusy;
  }
  drop_folio(backing, folio);
  return Reclaimed::kDropped;
}

Reclaimed PageCache::reclaim_page(Pfn pfn, hw::TlbGather& gather) {
  const phys::PageFrame& frame = parts_.frames[pfn];
  FL_CHECK((frame.flags & FrameFlag::kFrameFile) != 0);
  Backing& backing = *find_backing(frame.owner);
  const uint64_t pgoff = frame.pgoff;
  const PgoffRange page{pgoff, 1};
  if (!evictable(backing, page)) return Reclaimed::kBusy;
  separate(backing, folio_of(frame));
  if (unmap_folio(backing, page, gather)) mark_dirty(backing, pgoff);
  // Nothing past the end of a file of the disk is written.
  const bool past_end = backing.write_notify() && pgoff >= backing.page_count();
  const bool dirty = !past_end && (frame.flags & FrameFlag::kFrameDirty) != 0;
  if (dirty) write_page(backing, pgoff, pfn);
  drop_page(backing, pgoff, pfn);
  return dirty ? Reclaimed::kWritten : Reclaimed::kDropped;
}

Dropped PageCache::drop_clean(Backing& backing, PgoffRange range) {
  Dropped dropped;
  uint64_t next = range.first;
  while (const auto page = backing.pages_.first_from(next)) {
    if (!range.contains(page->pgoff)) break;
    const phys::PageFrame& frame = parts_.frames[page->pfn];
    const PgoffRange folio = folio_of(frame);
    next = folio.end();
    if (!range.contains(folio.first) || !range.contains(next - 1)) continue;
    if ((frame.flags & FrameFlag::kFrameDirty) != 0) continue;
    if (in_use(backing, folio)) {
      dropped.in_use = true;
      continue;
    }
    drop_folio(backing, folio);
    dropped.pages += folio.count;
  }
  return dropped;
}

bool PageCache::invalidate(Backing& backing, PgoffRange range, hw::TlbGather& gather) {
  bool all_gone = true;
  uint64_t next = range.first;
  while (const auto page = backing.pages_.first_from(next)) {
    if (!range.contains(page->pgoff)) break;
    const PgoffRange folio = folio_of(parts_.frames[page->pfn]);
    next = folio.end();
    // The pages in the range have gone out of every mapping by now. A folio of which others are
    // still mapped goes with the guard markers of its whole range, and not only where it is mapped.
    // Source: Linux mm/memory.c unmap_mapping_folio().
    if (mapped_outside(backing, folio, range))
      parts_.reverse_map.zap_file_range({backing.number_, folio.first, folio.count},
                                        rmap::Zap::kMarkersToo, gather);
    unmap_folio(backing, folio, gather);
    if (backing.pages_.dirty(page->pgoff)) {
      all_gone = false;
    } else {
      drop_folio(backing, folio);
    }
  }
  return all_gone;
}

}  // namespace faultline::cache
