#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "sim/base/check.h"
#include "sim/cache/page_cache.h"

namespace faultline::cache {

using phys::FrameFlag;

void PageCache::validate_page(const Backing& backing, uint64_t pgoff, Pfn pfn) const {
  const uint32_t number = backing.number_;
  FL_CHECK_MSG(pfn.value < parts_.frames.size(), "page {} of backing {} has no frame", pgoff,
               number);
  const phys::PageFrame& frame = parts_.frames[pfn];
  uint16_t wanted = FrameFlag::kFrameInUse | FrameFlag::kFrameFile;
  if (!backing.write_notify()) wanted = static_cast<uint16_t>(wanted | FrameFlag::kFrameUptodate);
  FL_CHECK_MSG((frame.flags & wanted) == wanted && frame.refcount > frame.mapcount &&
                   frame.owner == number && frame.pgoff == pgoff,
               "frame {} does not hold page {} of backing {}", pfn.value, pgoff, number);
  const bool dirty = (frame.flags & FrameFlag::kFrameDirty) != 0;
  FL_CHECK_MSG(backing.pages_.dirty(pgoff) == (dirty && backing.write_notify()),
               "page {} of backing {}: the dirty set and the frame differ", pgoff, number);
  const bool past_end = backing.write_notify() && pgoff >= backing.page_count();
  const std::span<const std::byte> cached = parts_.frames.bytes(pfn);
  FL_CHECK_MSG(!past_end || std::all_of(cached.begin(), cached.end(),
                                        [](std::byte value) { return value == std::byte{0}; }),
               "page {} of backing {} lies beyond the end and is not zeros", pgoff, number);
  if (block_dirty(frame) || parts_.frames.contents() == Contents::kNone) return;
  if (!backing.write_notify() && frame.mapcount > 0) return;
  std::vector<std::byte> durable(parts_.frames.page_size().bytes());
  backing.file_->read_page(pgoff, durable);
  FL_CHECK_MSG(std::equal(cached.begin(), cached.end(), durable.begin(), durable.end()),
               "page {} of backing {} is clean and differs from the file", pgoff, number);
}

void PageCache::validate_folio(const Backing& backing, uint64_t pgoff, Pfn pfn) const {
  const phys::PageFrame& frame = parts_.frames[pfn];
  const uint32_t block = FrameFlag::kFrameBlockDirty | FrameFlag::kFrameBlockUptodate;
  if (frame.order == 0) {
    FL_CHECK_MSG((frame.flags & block) == 0, "page {} of backing {} is no large folio's", pgoff,
                 backing.number_);
    return;
  }
  const PgoffRange folio = folio_of(frame);
  if (pgoff != folio.first) {
    FL_CHECK_MSG(find(backing, folio.first) != kNoPfn, "page {} of backing {} has no first page",
                 pgoff, backing.number_);
    return;
  }
  FL_CHECK_MSG(backing.write_notify() && frame.order <= kFolioOrderMax,
               "page {} of backing {} is in a large folio", pgoff, backing.number_);
  const uint32_t alike =
      FrameFlag::kFrameDirty | FrameFlag::kFrameUptodate | FrameFlag::kFrameReadahead;
  for (uint64_t page = folio.first; page < folio.end(); ++page) {
    const Pfn other = find(backing, page);
    FL_CHECK_MSG(other != kNoPfn && parts_.frames[other].order == frame.order &&
                     ((parts_.frames[other].flags ^ frame.flags) & alike) == 0,
                 "page {} of backing {} is not like the first of its folio", page, backing.number_);
  }
  FL_CHECK_MSG(((frame.flags & FrameFlag::kFrameDirty) != 0) == any_block_dirty(backing, folio),
               "the folio of page {} of backing {} is dirty and nothing is to be written, or not",
               pgoff, backing.number_);
}

void PageCache::validate() const {
  uint64_t cached_pages = 0;
  uint64_t cached_disk_pages = 0;
  uint64_t dirty_pages = 0;
  for (const Slot& slot : slots_) {
    if (slot.backing == nullptr) continue;
    const Backing& backing = *slot.backing;
    FL_CHECK_MSG(!slot.handle.expired() || !backing.file_->unlinked(),
                 "backing {} has no user and no name", backing.number_);
    backing.pages_.validate();
    for (auto page = backing.pages_.first_from(0); page;
         page = backing.pages_.first_from(page->pgoff + 1)) {
      validate_page(backing, page->pgoff, page->pfn);
      validate_folio(backing, page->pgoff, page->pfn);
    }
    FL_CHECK_MSG(backing.pages_.dirty_count() == 0 || backing.dirty_since_ticks_.has_value(),
                 "backing {} does not know since when it is dirty", backing.number_);
    cached_pages += backing.pages_.count();
    cached_disk_pages += backing.write_notify() ? backing.pages_.count() : 0;
    dirty_pages += backing.pages_.dirty_count();
  }
  for (const auto& [number, pgoff] : arriving_) {
    const Backing* const backing = find_backing(number);
    FL_CHECK_MSG(backing != nullptr && find(*backing, pgoff) != kNoPfn,
                 "page {} of backing {} is to arrive and is not cached", pgoff, number);
  }
  FL_CHECK(cached_pages == cached_pages_);
  FL_CHECK(cached_disk_pages == cached_disk_pages_);
  FL_CHECK(dirty_pages == dirty_pages_);
  uint64_t file_frames = 0;
  for (uint64_t number = 0; number < parts_.frames.size(); ++number) {
    const phys::PageFrame& frame = parts_.frames[Pfn{static_cast<uint32_t>(number)}];
    if ((frame.flags & FrameFlag::kFrameFile) != 0) ++file_frames;
  }
  FL_CHECK_MSG(file_frames == cached_pages_, "a frame says it is cached and is not");
}

}  // namespace faultline::cache
