// Files that change their size: truncate, and writes past the end. Linux mm/truncate.c,
// fs/ext4/inode.c ext4_setattr(), mm/shmem.c shmem_setattr().
#include <algorithm>
#include <span>

#include "sim/base/check.h"
#include "sim/cache/page_cache.h"

namespace faultline::cache {

void PageCache::truncate(Backing& backing, uint64_t size_bytes, hw::TlbGather& gather) {
  const uint64_t old_bytes = backing.size_bytes();
  if (size_bytes > old_bytes) {
    // On tmpfs bytes stored past the old end show from now on.
    if (backing.write_notify()) zero_tail(backing, old_bytes);
    backing.file_->set_size(size_bytes);
    return;
  }
  backing.file_->set_size(size_bytes);
  const uint64_t first_gone = backing.page_count();
  parts_.reverse_map.zap_file_range({backing.number_, first_gone, ~uint64_t{0} - first_gone},
                                    rmap::ZapCopies::kYes, gather);
  drop_pages_from(backing, first_gone);
  zero_tail(backing, size_bytes);
}

void PageCache::punch(Backing& backing, PgoffRange range, hw::TlbGather& gather) {
  parts_.reverse_map.zap_file_range({backing.number_, range.first, range.count},
                                    rmap::ZapCopies::kNo, gather);
  drop_pages(backing, range);
  backing.file_->punch(range.first, range.count);
}

void PageCache::prepare_write_at(Backing& backing, uint64_t offset_bytes) {
  if (!backing.write_notify() || offset_bytes <= backing.size_bytes()) return;
  zero_tail(backing, backing.size_bytes());
}

void PageCache::extend(Backing& backing, uint64_t size_bytes) {
  FL_CHECK(size_bytes >= backing.size_bytes());
  if (size_bytes > backing.size_bytes()) backing.file_->set_size(size_bytes);
}

void PageCache::zero_tail(Backing& backing, uint64_t offset_bytes) {
  const PageSize page_size = backing.file_->page_size();
  const uint64_t used_bytes = offset_bytes & page_size.offset_mask();
  const uint64_t pgoff = page_size.pages(offset_bytes);
  const Pfn pfn = find(backing, pgoff);
  if (used_bytes == 0 || pfn == kNoPfn) return;
  if (parts_.frames.has_bytes(pfn)) {
    const std::span<std::byte> tail = parts_.frames.writable_bytes(pfn).subspan(used_bytes);
    std::fill(tail.begin(), tail.end(), std::byte{0});
  }
  mark_dirty(backing, pgoff);
}

}  // namespace faultline::cache
