// Backings, and how pages come into the cache. Linux mm/filemap.c.
#include "sim/cache/page_cache.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"
#include "sim/cache/pinned_page.h"

namespace faultline::cache {

using phys::FrameFlag;
using storage::FileKind;

namespace {

// Page by page, which it is from the first page on that is there already, the mark of a plan stands
// as far before the end of the file as before its own. Source: Linux mm/readahead.c
// page_cache_ra_order(), do_page_cache_ra(), 6.18.
uint64_t mark_page_by_page(const ReadPlan& plan, uint64_t end) {
  return plan.mark_before_end == 0 || plan.mark_before_end > end ? ReadPlan::kNoMark
                                                                 : end - plan.mark_before_end;
}

}  // namespace

PageCache::PageCache(const Parts& parts) : parts_(parts), slots_(1) {}

PageCache::~PageCache() {
  for (const Slot& slot : slots_) FL_CHECK(slot.handle.expired());
}

std::shared_ptr<Backing> PageCache::get_backing(const std::shared_ptr<storage::SimFile>& file) {
  const auto [entry, is_new] = numbers_.try_emplace(file->inode(), uint32_t(slots_.size()));
  const uint32_t number = entry->second;
  if (is_new) {
    auto backing = std::make_unique<Backing>(number, file, parts_.readahead_pages);
    backing->frames_ = &parts_.frames;
    backing->replaced_ = &replaced_;
    slots_.push_back({std::move(backing), {}});
  }
  Slot& slot = slots_[number];
  FL_CHECK(slot.backing->file_ == file);
  if (std::shared_ptr<Backing> handle = slot.handle.lock()) return handle;
  std::shared_ptr<Backing> handle(slot.backing.get(),
                                  [this, number](Backing*) { on_last_handle_gone(number); });
  slot.handle = handle;
  return handle;
}

Backing* PageCache::find_backing(uint32_t number) const {
  return number < slots_.size() ? slots_[number].backing.get() : nullptr;
}

void PageCache::forget_if_unused(const storage::SimFile& file) {
  const auto entry = numbers_.find(file.inode());
  if (entry == numbers_.end() || !file.unlinked()) return;
  if (slots_[entry->second].handle.expired()) release(entry->second);
}

void PageCache::on_last_handle_gone(uint32_t number) {
  if (slots_[number].backing->file_->unlinked()) release(number);
}

void PageCache::release(uint32_t number) {
  Backing& backing = *slots_[number].backing;
  drop_pages_from(backing, 0);
  numbers_.erase(backing.file_->inode());
  slots_[number].backing.reset();
}

void PageCache::install(Backing& backing, uint64_t pgoff, Pfn fresh) {
  phys::PageFrame& frame = parts_.frames[fresh];
  FL_CHECK(frame.flags == FrameFlag::kFrameInUse && frame.refcount > 0 && frame.mapcount == 0);
  backing.pages_.insert(pgoff, fresh);
  frame.flags = FrameFlag::kFrameInUse | FrameFlag::kFrameFile | FrameFlag::kFrameUptodate;
  // On tmpfs fallocate(2) made it dirty.
  if (!backing.write_notify() && backing.file_->reserved(pgoff))
    frame.flags = static_cast<uint16_t>(frame.flags | FrameFlag::kFrameDirty);
  frame.owner = backing.number_;
  frame.pgoff = pgoff;
  ++cached_pages_;
  cached_disk_pages_ += backing.write_notify() ? 1 : 0;
}

Pfn PageCache::find_uptodate(const Backing& backing, uint64_t pgoff) const {
  const Pfn pfn = find(backing, pgoff);
  if (pfn == kNoPfn || arriving_.contains({backing.number_, pgoff})) return kNoPfn;
  return (parts_.frames[pfn].flags & FrameFlag::kFrameUptodate) != 0 ? pfn : kNoPfn;
}

bool PageCache::block_uptodate(const Backing& backing, uint64_t pgoff) const {
  const Pfn pfn = find(backing, pgoff);
  return find_uptodate(backing, pgoff) != kNoPfn ||
         (pfn != kNoPfn && (parts_.frames[pfn].flags & FrameFlag::kFrameBlockUptodate) != 0);
}

void PageCache::mark_uptodate(const Backing& backing, Pfn pfn) {
  const phys::PageFrame& frame = parts_.frames[pfn];
  if ((frame.flags & FrameFlag::kFrameUptodate) != 0) return;
  const PgoffRange folio = folio_of(frame);
  set_flag(backing, folio, FrameFlag::kFrameUptodate);
  clear_flag(backing, folio, FrameFlag::kFrameBlockUptodate);
}

bool PageCache::read_into(const Backing& backing, uint64_t pgoff, Pfn pfn) {
  const storage::SimFile& file = *backing.file_;
  const bool disk = file.kind() == FileKind::kDisk;
  if (file.has_page(pgoff)) {
    // Empty where contents are not kept.
    const std::span<std::byte> bytes = parts_.frames.writable_bytes(pfn);
    if (!bytes.empty()) file.read_page(pgoff, bytes);
    if (disk || file.stores_page(pgoff)) parts_.disk.count_read();
  }
  return disk || file.stores_page(pgoff);
}

bool PageCache::insert(Backing& backing, uint64_t pgoff, Pfn fresh) {
  FL_CHECK(pgoff < backing.page_count());
  install(backing, pgoff, fresh);
  return read_into(backing, pgoff, fresh);
}

std::optional<CachedPage> PageCache::get_or_read_page(Backing& backing, uint64_t pgoff,
                                                      FrameSource& source) {
  FL_CHECK(pgoff < backing.page_count());
  const Pfn cached = find(backing, pgoff);
  if (cached != kNoPfn) {
    const bool uptodate = find_uptodate(backing, pgoff) != kNoPfn;
    // Who waits for a page waits for what was asked of the disk with it. One that is not up to date
    // for another reason has its block in memory, and is not waited for.
    if (arriving_.contains({backing.number_, pgoff})) all_arrived();
    mark_uptodate(backing, cached);
    return CachedPage{.pfn = cached, .dropped_lock = !uptodate};
  }
  const std::optional<Pfn> fresh = source.take_frame(PageKey::of_file(backing.number_, pgoff));
  if (!fresh) return std::nullopt;
  const bool did_io = insert(backing, pgoff, *fresh);
  return CachedPage{.pfn = *fresh, .did_io = did_io, .dropped_lock = did_io};
}

void PageCache::read_ahead(Backing& backing, const ReadPlan& plan, FrameSource& source) {
  read_but_one(backing, ReadPlan::kNoMark, plan, source);
}

void PageCache::read_but_one(Backing& backing, uint64_t there, const ReadPlan& plan,
                             FrameSource& source) {
  const uint64_t end = std::min(plan.pages.end(), backing.page_count());
  bool as_planned = true;
  for (uint64_t next = plan.pages.first; next < end;) {
    uint8_t order = as_planned ? aligned_order(next, plan.order) : 0;
    while (next + (uint64_t{1} << order) > end) --order;
    const PgoffRange folio{next, uint64_t{1} << order};
    const bool cached = any_cached(backing, folio);
    if (cached || !install_folio(backing, folio, source)) {
      if (order == 0 && !cached) return;
      if (order > 0 || (next != there && !plan.begun)) as_planned = false;
      if (order == 0) ++next;
      continue;
    }
    const uint64_t mark = as_planned ? plan.mark : mark_page_by_page(plan, end);
    if (folio.contains(mark)) set_flag(backing, folio, FrameFlag::kFrameReadahead);
    for (; next < folio.end(); ++next) read_into(backing, next, find(backing, next));
  }
}

void PageCache::read_holes(Backing& backing, const ReadPlan& plan, FrameSource& source) {
  const uint64_t end = std::min(plan.pages.end(), backing.page_count());
  for (uint64_t pgoff = plan.pages.first; pgoff < end; ++pgoff) {
    if (find(backing, pgoff) != kNoPfn || backing.file_->has_page(pgoff)) continue;
    if (!get_or_read_page(backing, pgoff, source)) return;
    if (pgoff == plan.mark) set_flag(backing, {pgoff, 1}, FrameFlag::kFrameReadahead);
  }
}

void PageCache::will_need(Backing& backing, PgoffRange range, FrameSource& source) {
  if (backing.file_->kind() == FileKind::kDisk)
    return read_ahead(backing, {.pages = range}, source);
  for (uint64_t i = 0; i < range.count && range.first + i < backing.page_count(); ++i) {
    if (!backing.file_->stores_page(range.first + i)) continue;
    if (!get_or_read_page(backing, range.first + i, source)) return;
  }
}

std::optional<CachedPage> PageCache::read_for_hit(OpenFile& file, uint64_t pgoff, PgoffRange wanted,
                                                  FrameSource& source) {
  Backing& backing = *file.backing;
  const phys::PageFrame& frame = frame_at(backing, pgoff);
  const bool marked = (frame.flags & FrameFlag::kFrameReadahead) != 0;
  if (!marked) return get_or_read_page(backing, pgoff, source);
  const PgoffRange folio = folio_of(frame);
  clear_flag(backing, folio, FrameFlag::kFrameReadahead);
  const ReadPlan plan = file.readahead.plan_next(backing, folio, wanted);
  const std::vector<uint64_t> missing = missing_pages(backing, plan.pages);
  auto page = read_with_plan(backing, pgoff, plan, source);
  if (page) page->dropped_lock = true;
  note_arriving(backing, missing);
  return page;
}

std::optional<CachedPage> PageCache::read_for_fault(OpenFile& file, uint64_t pgoff, Advice advice,
                                                    FrameSource& source) {
  Backing& backing = *file.backing;
  if (backing.file_->kind() != FileKind::kDisk) return get_or_read_page(backing, pgoff, source);
  const Pfn cached = find(backing, pgoff);
  if (cached == kNoPfn) {
    const ReadPlan plan = file.readahead.plan_fault_miss(backing, pgoff, advice);
    return read_with_plan(backing, pgoff, plan, source);
  }
  file.readahead.note_fault_hit(advice);
  if (advice == Advice::kRandom || advice == Advice::kHugeRandom)
    return get_or_read_page(backing, pgoff, source);
  return read_for_hit(file, pgoff, {pgoff, file.readahead.pages_max(backing)}, source);
}

std::optional<CachedPage> PageCache::read_for_code(OpenFile& file, PgoffRange wanted, Advice advice,
                                                   FrameSource& source) {
  Backing& backing = *file.backing;
  const uint64_t pgoff = wanted.first;
  const bool miss = find(backing, pgoff) == kNoPfn;
  if (backing.file_->kind() != FileKind::kDisk || !miss)
    return read_for_fault(file, pgoff, advice, source);
  return read_with_plan(backing, pgoff, file.readahead.plan_code_miss(backing, wanted), source);
}

std::optional<CachedPage> PageCache::read_for_read(OpenFile& file, PgoffRange wanted,
                                                   FrameSource& source) {
  Backing& backing = *file.backing;
  const uint64_t pgoff = wanted.first;
  const Pfn cached = find(backing, pgoff);
  if (backing.file_->kind() != FileKind::kDisk) {
    // A read does not fill a hole of tmpfs. Source: Linux mm/shmem.c shmem_file_read_iter().
    if (cached == kNoPfn && !backing.file_->has_page(pgoff))
      return CachedPage{.pfn = phys::kZeroPagePfn};
    return get_or_read_page(backing, pgoff, source);
  }
  if (cached == kNoPfn) {
    const ReadPlan plan = file.readahead.plan_read_miss(backing, wanted);
    const std::optional<CachedPage> page = read_with_plan(backing, pgoff, plan, source);
    if (page) finish_reading(backing, *page, source);
    return page;
  }
  if (partly_uptodate(backing, wanted)) return CachedPage{.pfn = cached};
  // A folio is used from its start. Source: Linux mm/filemap.c filemap_readahead().
  const uint64_t before = pgoff - folio_of(parts_.frames[cached]).first;
  return read_for_hit(file, pgoff, {pgoff - before, wanted.count + before}, source);
}

bool PageCache::partly_uptodate(const Backing& backing, PgoffRange wanted) const {
  const PgoffRange folio = folio_at(backing, wanted.first);
  if (folio.count == 1 || find_uptodate(backing, wanted.first) != kNoPfn) return false;
  for (uint64_t pgoff = wanted.first; pgoff < std::min(wanted.end(), folio.end()); ++pgoff)
    if ((frame_at(backing, pgoff).flags & FrameFlag::kFrameBlockUptodate) == 0) return false;
  return true;
}

uint64_t PageCache::look_ahead(OpenFile& file, PgoffRange left, FrameSource& source) {
  constexpr uint64_t kBatchFolios = 31;  // Linux PAGEVEC_SIZE
  const Backing& backing = *file.backing;
  uint64_t pgoff = left.first;
  for (uint64_t seen = 1; seen < kBatchFolios && pgoff < left.end(); ++seen) {
    if (find_uptodate(backing, pgoff) == kNoPfn) return pgoff;
    const PgoffRange folio = folio_at(backing, pgoff);
    if ((frame_at(backing, pgoff).flags & FrameFlag::kFrameReadahead) != 0) {
      // A folio is used from its start.
      read_for_hit(file, folio.first, {folio.first, left.end() - folio.first}, source);
      return folio.end();
    }
    pgoff = folio.end();
  }
  return pgoff;
}

std::optional<CachedPage> PageCache::read_with_plan(Backing& backing, uint64_t pgoff,
                                                    const ReadPlan& plan, FrameSource& source) {
  if (plan.order > 0 && find(backing, pgoff) == kNoPfn) {
    // The page comes in with a folio.
    read_ahead(backing, plan, source);
    auto in_folio = get_or_read_page(backing, pgoff, source);
    if (in_folio) in_folio->did_io = in_folio->dropped_lock = true;
    return in_folio;
  }
  // The page itself before its neighbours, which may not push it out again.
  std::optional<CachedPage> page = get_or_read_page(backing, pgoff, source);
  if (!page) return std::nullopt;
  page->dropped_lock |= plan.pages.count != 0;
  const PinnedPage pin(parts_.allocator, page->pfn);
  if (page->did_io && !backing.file_->has_page(pgoff)) {
    page->underway = plan;
    page->underway.begun = true;
    const uint64_t end = std::min(plan.pages.end(), backing.page_count());
    for (uint64_t each = plan.pages.first; each < std::min(end, plan.mark); ++each) {
      if (each == pgoff || find(backing, each) == kNoPfn) continue;
      page->underway.mark = mark_page_by_page(plan, end);
      break;
    }
    read_holes(backing, page->underway, source);
  } else {
    read_but_one(backing, pgoff, plan, source);
  }
  return page;
}

void PageCache::finish_reading(Backing& backing, const CachedPage& page, FrameSource& source) {
  const PinnedPage pin(parts_.allocator, page.pfn);
  const std::vector<uint64_t> missing = missing_pages(backing, page.underway.pages);
  read_ahead(backing, page.underway, source);
  note_arriving(backing, missing);
}

std::vector<uint64_t> PageCache::missing_pages(const Backing& backing, PgoffRange range) const {
  std::vector<uint64_t> missing;
  for (uint64_t pgoff = range.first; pgoff < range.end(); ++pgoff)
    if (find(backing, pgoff) == kNoPfn) missing.push_back(pgoff);
  return missing;
}

void PageCache::note_arriving(const Backing& backing, std::span<const uint64_t> pages) {
  for (const uint64_t pgoff : pages) {
    if (find(backing, pgoff) == kNoPfn) continue;
    const PgoffRange folio = folio_at(backing, pgoff);
    const auto data = backing.file_->first_page_from(folio.first);
    if (data && folio.contains(*data)) arriving_.insert({backing.number_, pgoff});
  }
}

void PageCache::drop_page(Backing& backing, uint64_t pgoff, Pfn pfn) {
  phys::PageFrame& frame = parts_.frames[pfn];
  FL_CHECK_MSG(frame.mapcount == 0, "page {} of backing {} is still mapped", pgoff,
               backing.number_);
  clear_dirty(backing, pgoff, pfn);
  if (!arriving_.empty()) arriving_.erase({backing.number_, pgoff});
  backing.pages_.erase(pgoff);
  frame.flags = FrameFlag::kFrameInUse;
  frame.order = 0;
  frame.owner = 0;
  frame.pgoff = 0;
  --cached_pages_;
  cached_disk_pages_ -= backing.write_notify() ? 1 : 0;
  parts_.allocator.put(pfn);
}

void PageCache::drop_pages(Backing& backing, PgoffRange range) {
  uint64_t next = range.first;
  while (const auto page = backing.pages_.first_from(next)) {
    if (!range.contains(page->pgoff)) return;
    const PgoffRange folio = folio_of(parts_.frames[page->pfn]);
    next = folio.end();
    if (range.contains(folio.first) && range.contains(next - 1)) drop_folio(backing, folio);
  }
}

void PageCache::power_cut() {
  for (uint32_t number = 1; number < slots_.size(); ++number) {
    Backing* const backing = find_backing(number);
    if (backing == nullptr) continue;
    drop_pages_from(*backing, 0);
    backing->dirty_since_ticks_.reset();
    backing->file_->forget_promises();
  }
}

}  // namespace faultline::cache
