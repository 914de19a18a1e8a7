// Folios in the cache: what they have in common, and how they come apart. Linux mm/filemap.c,
// mm/huge_memory.c, mm/truncate.c.
#include "sim/cache/folio.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <vector>

#include "sim/base/check.h"
#include "sim/cache/page_cache.h"

namespace faultline::cache {

using phys::FrameFlag;
using phys::PageFrame;

phys::PageFrame& PageCache::frame_at(const Backing& backing, uint64_t pgoff) const {
  const Pfn pfn = find(backing, pgoff);
  FL_CHECK(pfn != kNoPfn);
  return parts_.frames[pfn];
}

bool PageCache::any_cached(const Backing& backing, PgoffRange range) const {
  const auto page = backing.pages_.first_from(range.first);
  return page && range.contains(page->pgoff);
}

// Differs from Linux: a large folio is made of frames that are free; Linux also reclaims a little
// for one before it makes do with a smaller.
bool PageCache::install_folio(Backing& backing, PgoffRange folio, FrameSource& source) {
  if (folio.count > 1 && parts_.allocator.free_count() < folio.count) return false;
  std::vector<Pfn> fresh;
  fresh.reserve(folio.count);
  while (fresh.size() < folio.count) {
    const std::optional<Pfn> pfn =
        source.take_frame(PageKey::of_file(backing.number_, folio.first + fresh.size()));
    if (!pfn) break;
    fresh.push_back(*pfn);
  }
  if (fresh.size() < folio.count) {
    for (const Pfn pfn : fresh) parts_.allocator.put(pfn);
    return false;
  }
  // Nothing below can fail.
  const auto order = static_cast<uint8_t>(std::countr_zero(folio.count));
  for (uint64_t i = 0; i < folio.count; ++i) {
    install(backing, folio.first + i, fresh[i]);
    parts_.frames[fresh[i]].order = order;
  }
  return true;
}

void PageCache::set_flag(const Backing& backing, PgoffRange folio, FrameFlag flag) {
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff) {
    PageFrame& frame = frame_at(backing, pgoff);
    frame.flags = static_cast<uint16_t>(frame.flags | flag);
  }
}

void PageCache::clear_flag(const Backing& backing, PgoffRange folio, FrameFlag flag) {
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff) {
    PageFrame& frame = frame_at(backing, pgoff);
    frame.flags = static_cast<uint16_t>(frame.flags & ~flag);
  }
}

bool PageCache::block_dirty(const PageFrame& frame) {
  const FrameFlag flag = frame.order == 0 ? FrameFlag::kFrameDirty : FrameFlag::kFrameBlockDirty;
  return (frame.flags & flag) != 0;
}

bool PageCache::any_block_dirty(const Backing& backing, PgoffRange folio) const {
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff)
    if (block_dirty(frame_at(backing, pgoff))) return true;
  return false;
}

bool PageCache::evictable(const Backing& backing, PgoffRange folio) const {
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff) {
    const Pfn pfn = find(backing, pgoff);
    const PageFrame& frame = parts_.frames[pfn];
    // Users are the page tables and the cache; one more is the kernel at work on the page.
    if (frame.refcount != frame.mapcount + 1 || !parts_.reverse_map.evictable(pfn)) return false;
  }
  return true;
}

bool PageCache::in_use(const Backing& backing, PgoffRange folio) const {
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff)
    if (frame_at(backing, pgoff).refcount > 1) return true;
  return false;
}

bool PageCache::mapped_outside(const Backing& backing, PgoffRange folio, PgoffRange range) const {
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff)
    if (!range.contains(pgoff) && frame_at(backing, pgoff).mapcount > 0) return true;
  return false;
}

bool PageCache::unmap_folio(const Backing& backing, PgoffRange folio, hw::TlbGather& gather) {
  bool dirty = false;
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff)
    dirty |= parts_.reverse_map.unmap_everywhere(find(backing, pgoff), hw::Pte{}, gather);
  return dirty;
}

void PageCache::drop_folio(Backing& backing, PgoffRange folio) {
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff)
    drop_page(backing, pgoff, find(backing, pgoff));
}

// Source: Linux mm/huge_memory.c __split_unmapped_folio(), not uniform, 6.18.
void PageCache::split_at(Backing& backing, PgoffRange folio, uint64_t pgoff) {
  FL_CHECK(folio.contains(pgoff));
  while (folio.count > 1) {
    const uint64_t half = folio.count / 2;
    const auto order = static_cast<uint8_t>(std::countr_zero(half));
    for (uint64_t i = 0; i < folio.count; ++i) frame_at(backing, folio.first + i).order = order;
    folio = {pgoff < folio.first + half ? folio.first : folio.first + half, half};
  }
}

void PageCache::separate(Backing& backing, PgoffRange folio) {
  if (folio.count == 1) return;
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff) {
    const Pfn pfn = find(backing, pgoff);
    PageFrame& frame = parts_.frames[pfn];
    if (!block_dirty(frame)) clear_dirty(backing, pgoff, pfn);
    uint32_t flags = frame.flags;
    if ((flags & FrameFlag::kFrameBlockUptodate) != 0) flags |= FrameFlag::kFrameUptodate;
    flags &= ~uint32_t{FrameFlag::kFrameBlockUptodate | FrameFlag::kFrameBlockDirty};
    if (pgoff != folio.first) flags &= ~uint32_t{FrameFlag::kFrameReadahead};
    frame.flags = static_cast<uint16_t>(flags);
    frame.order = 0;
  }
}

void PageCache::split_folio(Pfn pfn, hw::TlbGather& gather) {
  const PageFrame& frame = parts_.frames[pfn];
  FL_CHECK((frame.flags & FrameFlag::kFrameFile) != 0);
  Backing& backing = *find_backing(frame.owner);
  const PgoffRange folio = folio_of(frame);
  if (folio.count == 1 || (frame.flags & FrameFlag::kFrameDirty) != 0) return;
  for (uint64_t pgoff = folio.first; pgoff < folio.end(); ++pgoff) {
    const PageFrame& page = frame_at(backing, pgoff);
    if (page.refcount != page.mapcount + 1) return;
  }
  unmap_folio(backing, folio, gather);
  separate(backing, folio);
  drop_past_end(backing, folio);
}

// A folio that has something to write cannot be split, as its buffers cannot be let go; it stays,
// also past the end of the file. Source: Linux mm/truncate.c truncate_inode_partial_folio(),
// try_folio_split_or_unmap(); fs/buffer.c block_invalidate_folio(), 6.18.
void PageCache::cut_folio(Backing& backing, uint64_t pgoff, ByteRange gone, hw::TlbGather& gather) {
  const Pfn found = find(backing, pgoff);
  if (found == kNoPfn || parts_.frames[found].order == 0) return;
  const PageSize page_size = this->page_size();
  const PgoffRange folio = folio_of(parts_.frames[found]);
  const uint64_t first_whole = page_size.pages(page_size.align_up(gone.first));
  const uint64_t end_whole = page_size.pages(gone.end());
  if (first_whole <= folio.first && end_whole >= folio.end()) return;
  for (uint64_t page = std::max(first_whole, folio.first); page < std::min(end_whole, folio.end());
       ++page) {
    const Pfn pfn = find(backing, page);
    PageFrame& frame = parts_.frames[pfn];
    frame.flags = static_cast<uint16_t>(frame.flags & ~FrameFlag::kFrameBlockDirty);
    if (!parts_.frames.has_bytes(pfn)) continue;
    const std::span<std::byte> bytes = parts_.frames.writable_bytes(pfn);
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
  }
  unmap_folio(backing, folio, gather);
  if (any_block_dirty(backing, folio)) return;
  for (uint64_t page = folio.first; page < folio.end(); ++page)
    clear_dirty(backing, page, find(backing, page));
  clear_flag(backing, folio, FrameFlag::kFrameBlockUptodate);
  split_at(backing, folio, std::max(page_size.pages(gone.first), folio.first));
  if (end_whole < folio.end()) split_at(backing, folio_at(backing, end_whole), end_whole);
  drop_past_end(backing, folio);
}

void PageCache::cut(Backing& backing, ByteRange gone, hw::TlbGather& gather) {
  if (gone.count == 0) return;
  cut_folio(backing, page_size().pages(gone.first), gone, gather);
  cut_folio(backing, page_size().pages(gone.end() - 1), gone, gather);
}

void PageCache::drop_past_end(Backing& backing, PgoffRange split) {
  const uint64_t first = std::max(split.first, backing.page_count());
  if (first < split.end()) drop_pages(backing, {first, split.end() - first});
}

void PageCache::cut_at_end(Backing& backing, hw::TlbGather& gather) {
  const uint64_t size_bytes = backing.size_bytes();
  cut(backing, {size_bytes, ~uint64_t{0} - size_bytes}, gather);
  drop_pages_from(backing, backing.page_count());
}

}  // namespace faultline::cache
