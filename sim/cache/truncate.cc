// Files that change their size or lose a part: truncate, fallocate, and writes past the end. Linux
// mm/truncate.c, fs/ext4/inode.c ext4_setattr(), fs/ext4/extents.c, mm/shmem.c.
#include <algorithm>
#include <optional>
#include <span>

#include "sim/base/check.h"
#include "sim/cache/page_cache.h"

namespace faultline::cache {

using phys::FrameFlag;

void PageCache::truncate(Backing& backing, uint64_t size_bytes, FrameSource& source,
                         hw::TlbGather& gather) {
  const uint64_t old_bytes = backing.size_bytes();
  if (size_bytes > old_bytes) {
    // On tmpfs bytes stored past the old end show from now on.
    if (backing.write_notify()) zero_tail(backing, old_bytes, source);
    backing.file_->set_size(size_bytes);
    return cut_at_end(backing, gather);  // of a folio that reaches further
  }
  backing.file_->set_size(size_bytes);
  if (size_bytes == 0 && backing.write_notify()) backing.cut_to_nothing_ = true;
  const uint64_t first_gone = backing.page_count();
  parts_.reverse_map.zap_file_range({backing.number_, first_gone, ~uint64_t{0} - first_gone},
                                    rmap::Zap::kCopiesToo, gather);
  cut_at_end(backing, gather);
  zero_tail(backing, size_bytes, source);
}

void PageCache::allocate_to(Backing& backing, uint64_t size_bytes, FrameSource& source) {
  const uint64_t old_bytes = backing.size_bytes();
  if (size_bytes <= old_bytes) return;
  if (backing.write_notify()) zero_tail(backing, old_bytes, source);
  backing.file_->set_size(size_bytes);
  if (backing.write_notify()) zero_tail(backing, size_bytes, source);
}

void PageCache::punch(Backing& backing, PgoffRange range, hw::TlbGather& gather) {
  parts_.reverse_map.zap_file_range({backing.number_, range.first, range.count}, rmap::Zap::kPages,
                                    gather);
  const uint32_t shift = page_size().shift;
  cut(backing, {range.first << shift, range.count << shift}, gather);
  drop_pages(backing, range);
  backing.file_->punch(range.first, range.count);
}

bool PageCache::fill_reserved(Backing& backing, PgoffRange range, FrameSource& source) {
  const storage::SimFile& file = *backing.file_;
  for (auto room = file.next_reserved(range.first); room && room->first < range.end();
       room = file.next_reserved(room->end)) {
    for (uint64_t pgoff = room->first; pgoff < std::min(room->end, range.end()); ++pgoff) {
      if (find(backing, pgoff) != kNoPfn || file.has_page(pgoff)) continue;
      const std::optional<Pfn> fresh = source.take_frame(PageKey::of_file(backing.number_, pgoff));
      if (!fresh) return false;
      install(backing, pgoff, *fresh);
    }
  }
  return true;
}

void PageCache::reserve(Backing& backing, PgoffRange range, FrameSource& source) {
  if (!backing.write_notify()) {
    if (!fill_reserved(backing, range, source)) return;
    for (auto page = backing.pages_.first_from(range.first); page && page->pgoff < range.end();
         page = backing.pages_.first_from(page->pgoff + 1))
      mark_dirty(backing, page->pgoff);
  }
  backing.file_->reserve(range.first, range.count);
}

void PageCache::zero_bytes(Backing& backing, ByteRange range, FrameSource& source,
                           hw::TlbGather& gather) {
  const PageSize page_size = backing.file_->page_size();
  const uint64_t whole_start = page_size.align_up(range.first);
  const uint64_t whole_end = range.end() & ~page_size.offset_mask();
  // A range that ends in the first page unmaps all pages behind its start: Linux takes the last
  // byte of the whole pages for a very large number. Source: Linux mm/truncate.c
  // truncate_pagecache_range(), mm/shmem.c shmem_fallocate(), mm/memory.c unmap_mapping_range().
  if (whole_end == 0) {
    const uint64_t first = page_size.pages(whole_start);
    parts_.reverse_map.zap_file_range({backing.number_, first, ~uint64_t{0} - first},
                                      rmap::Zap::kPages, gather);
  }
  cut(backing, range, gather);
  if (whole_start > whole_end) return zero_part(backing, range, source);
  const uint64_t first = page_size.pages(whole_start);
  punch(backing, {first, page_size.pages(whole_end) - first}, gather);
  if (range.first < whole_start)
    zero_part(backing, {range.first, whole_start - range.first}, source);
  if (whole_end < range.end()) zero_part(backing, {whole_end, range.end() - whole_end}, source);
}

void PageCache::punch_bytes(Backing& backing, ByteRange range, FrameSource& source,
                            hw::TlbGather& gather) {
  const uint64_t size_bytes = backing.size_bytes();
  if (backing.write_notify() && range.end() > size_bytes) {
    if (range.first >= size_bytes) return;
    range.count = backing.file_->page_size().align_up(size_bytes) - range.first;
  }
  zero_bytes(backing, range, source, gather);
}

void PageCache::forget_from(Backing& backing, uint64_t first, hw::TlbGather& gather) {
  const uint64_t count = ~uint64_t{0} - first;
  write_back(backing, {first, count}, gather);
  parts_.reverse_map.zap_file_range({backing.number_, first, count}, rmap::Zap::kCopiesToo, gather);
  const uint64_t first_bytes = first << page_size().shift;
  cut(backing, {first_bytes, ~uint64_t{0} - first_bytes}, gather);
  drop_pages_from(backing, first);
}

void PageCache::collapse(Backing& backing, PgoffRange range, hw::TlbGather& gather) {
  forget_from(backing, range.first, gather);
  backing.file_->collapse(range.first, range.count);
}

void PageCache::insert_hole(Backing& backing, PgoffRange range, hw::TlbGather& gather) {
  forget_from(backing, range.first, gather);
  backing.file_->insert(range.first, range.count);
}

void PageCache::prepare_write_at(Backing& backing, uint64_t offset_bytes, FrameSource& source) {
  if (!backing.write_notify() || offset_bytes <= backing.size_bytes()) return;
  zero_tail(backing, backing.size_bytes(), source);
}

void PageCache::extend(Backing& backing, uint64_t size_bytes) {
  FL_CHECK(size_bytes >= backing.size_bytes());
  if (size_bytes > backing.size_bytes()) backing.file_->set_size(size_bytes);
}

void PageCache::zero_tail(Backing& backing, uint64_t offset_bytes, FrameSource& source) {
  const PageSize page_size = backing.file_->page_size();
  const uint64_t used_bytes = offset_bytes & page_size.offset_mask();
  if (used_bytes == 0) return;
  zero_part(backing, {offset_bytes, page_size.bytes() - used_bytes}, source);
}

// Source: Linux fs/ext4/inode.c ext4_block_zero_page_range(), mm/shmem.c shmem_undo_range();
// measured, 6.18.
void PageCache::zero_part(Backing& backing, ByteRange part, FrameSource& source) {
  storage::SimFile& file = *backing.file_;
  const uint64_t pgoff = file.page_size().pages(part.first);
  // ext4 brings in a page past the end too (FALLOC_FL_ZERO_RANGE with FALLOC_FL_KEEP_SIZE), which
  // the file may come to have later.
  const bool past_end = pgoff >= backing.page_count();
  if (past_end && !backing.write_notify()) return;
  Pfn pfn = find(backing, pgoff);
  const bool to_write =
      pfn != kNoPfn &&
      (file.promised(pgoff) || (file.reserved(pgoff) && block_dirty(parts_.frames[pfn])));
  const bool hole = backing.write_notify() && !file.has_page(pgoff) && !to_write;
  if (pfn == kNoPfn && backing.write_notify()) {
    if (const std::optional<Pfn> fresh =
            source.take_frame(PageKey::of_file(backing.number_, pgoff))) {
      install(backing, pgoff, *fresh);
      if (!past_end) read_into(backing, pgoff, *fresh);
      pfn = *fresh;
      parts_.frames[pfn].flags = FrameFlag::kFrameInUse | FrameFlag::kFrameFile;
    }
  }
  if (pfn == kNoPfn) return file.zero_part(part.first, part.count);
  if (parts_.frames.has_bytes(pfn)) {
    const uint64_t in_page = part.first & file.page_size().offset_mask();
    const std::span<std::byte> bytes =
        parts_.frames.writable_bytes(pfn).subspan(in_page, part.count);
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
  }
  if (!hole) mark_dirty(backing, pgoff);
  phys::PageFrame& frame = parts_.frames[pfn];
  if (frame.order > 0 && (frame.flags & FrameFlag::kFrameUptodate) == 0)
    frame.flags = static_cast<uint16_t>(frame.flags | FrameFlag::kFrameBlockUptodate);
}

}  // namespace faultline::cache
