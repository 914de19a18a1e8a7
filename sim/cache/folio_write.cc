// write(2), a folio at a time. Linux fs/ext4/inode.c, fs/buffer.c, mm/filemap.c.
#include <algorithm>
#include <cstring>
#include <span>

#include "sim/base/check.h"
#include "sim/cache/page_cache.h"

namespace faultline::cache {

using phys::FrameFlag;
using phys::PageFrame;

bool PageCache::make_folio_to_write(Backing& backing, ByteRange wanted, FrameSource& source) {
  const uint64_t pgoff = page_size().pages(wanted.first);
  const bool disk = backing.write_notify();
  uint8_t order = disk ? aligned_order(pgoff, order_to_write(wanted.count, page_size())) : 0;
  PgoffRange folio{pgoff, uint64_t{1} << order};
  while (any_cached(backing, folio) || !install_folio(backing, folio, source)) {
    if (order == 0) return false;
    folio.count = uint64_t{1} << --order;
  }
  if (!disk) {
    read_into(backing, pgoff, find(backing, pgoff));
    return true;
  }
  clear_flag(backing, folio, FrameFlag::kFrameUptodate);
  // Not up to date, but with the right bytes: what is not overwritten in the end is read without
  // ado.
  for (uint64_t page = folio.first; page < folio.end(); ++page) {
    if (!backing.file_->has_page(page)) continue;
    const std::span<std::byte> bytes = parts_.frames.writable_bytes(find(backing, page));
    if (!bytes.empty()) backing.file_->read_page(page, bytes);
  }
  return true;
}

std::optional<ByteRange> PageCache::begin_write(Backing& backing, ByteRange wanted,
                                                FrameSource& source) {
  FL_CHECK(wanted.count > 0);
  const PageSize page_size = this->page_size();
  const uint64_t pgoff = page_size.pages(wanted.first);
  if (find(backing, pgoff) == kNoPfn && !make_folio_to_write(backing, wanted, source))
    return std::nullopt;
  const uint64_t folio_end = folio_at(backing, pgoff).end() << page_size.shift;
  const ByteRange part{wanted.first, std::min(wanted.end(), folio_end) - wanted.first};
  // The pages at its ends, where they are overwritten in part.
  for (const uint64_t edge : {part.first, part.end()}) {
    if (page_size.aligned(edge)) continue;
    PageFrame& frame = frame_at(backing, page_size.pages(edge));
    if ((frame.flags & (FrameFlag::kFrameUptodate | FrameFlag::kFrameBlockUptodate)) != 0) continue;
    if (!backing.file_->has_page(frame.pgoff)) continue;
    frame.flags = static_cast<uint16_t>(frame.flags | FrameFlag::kFrameBlockUptodate);
    parts_.disk.count_read();
  }
  return part;
}

void PageCache::copy_in(Backing& backing, uint64_t offset_bytes, std::span<const std::byte> bytes) {
  const PageSize page_size = this->page_size();
  while (!bytes.empty()) {
    const uint64_t in_page = offset_bytes & page_size.offset_mask();
    const uint64_t count = std::min<uint64_t>(page_size.bytes() - in_page, bytes.size());
    const Pfn pfn = find(backing, page_size.pages(offset_bytes));
    const std::span<std::byte> to = parts_.frames.writable_bytes(pfn);
    if (!to.empty()) std::memcpy(to.data() + in_page, bytes.data(), count);
    bytes = bytes.subspan(count);
    offset_bytes += count;
  }
}

void PageCache::note_written(Backing& backing, uint64_t pgoff) {
  mark_dirty(backing, pgoff);
  PageFrame& frame = frame_at(backing, pgoff);
  if ((frame.flags & FrameFlag::kFrameUptodate) != 0) return;
  frame.flags = static_cast<uint16_t>(frame.flags | FrameFlag::kFrameBlockUptodate);
}

uint64_t PageCache::end_write(Backing& backing, ByteRange part, std::span<const std::byte> bytes) {
  const PageSize page_size = this->page_size();
  const uint64_t first = page_size.pages(part.first);
  const uint64_t end = page_size.pages(page_size.align_up(part.end()));
  const bool disk = backing.write_notify();
  const bool uptodate = (frame_at(backing, first).flags & FrameFlag::kFrameUptodate) != 0;
  const uint64_t taken = !uptodate && bytes.size() < part.count ? 0 : bytes.size();
  copy_in(backing, part.first, bytes.first(taken));
  extend(backing, std::max(backing.size_bytes(), part.first + taken));
  // A page is written with its first byte; one that began before the part counts as begun. What was
  // a hole is made of zeros where no bytes came, unless an earlier write did so.
  const uint64_t written_end = page_size.pages(page_size.align_up(part.first + taken));
  for (uint64_t pgoff = first; pgoff < end; ++pgoff) {
    const bool made = block_dirty(frame_at(backing, pgoff)) ||
                      (backing.file_->promised(pgoff) && block_uptodate(backing, pgoff));
    const bool hole = !backing.file_->has_page(pgoff) && !made;
    if (pgoff < written_end || hole || !disk) note_written(backing, pgoff);
  }
  const Pfn pfn = find(backing, first);
  const PgoffRange folio = folio_at(backing, first);
  bool all_uptodate = true;
  for (uint64_t pgoff = folio.first; pgoff < folio.end() && all_uptodate; ++pgoff)
    all_uptodate = (frame_at(backing, pgoff).flags &
                    (FrameFlag::kFrameUptodate | FrameFlag::kFrameBlockUptodate)) != 0;
  if (all_uptodate) mark_uptodate(backing, pfn);
  return taken;
}

}  // namespace faultline::cache
