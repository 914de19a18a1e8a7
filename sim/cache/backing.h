// Backing: what a VMA maps: a file of the disk or of tmpfs, or the nameless object behind a shared
// anonymous mapping. Linux's struct address_space (not our AddressSpace, which is Linux's
// mm_struct): the page cache of one file.
//
// Ownership: PageCache::get_backing() makes Backings and hands out shared ones to all that map or
// open the file; the PageCache keeps the pages when the last of them goes, unless the file has no
// name any more, and then frees them. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "faultline/types.h"
#include "sim/cache/page_index.h"
#include "sim/phys/frame_table.h"
#include "sim/storage/sim_file.h"

namespace faultline::cache {

// 128 KiB of 4 KiB pages, the usual read_ahead_kb.
inline constexpr uint64_t kReadaheadPages = 32;

class Backing {
 public:
  Backing(uint32_t number, std::shared_ptr<storage::SimFile> file,
          uint64_t readahead_pages = kReadaheadPages);

  // Names it in PageFrame::owner and rmap::FileRange; never used twice.
  uint32_t number() const { return number_; }
  storage::SimFile& file() const { return *file_; }
  uint64_t size_bytes() const { return file_->size_bytes(); }
  // The number of pages that hold a byte of the file: a fault at or behind it is SIGBUS.
  uint64_t page_count() const { return file_->page_count(); }
  // Whether the first store to a clean page faults, so that dirty pages are known: disk files, not
  // tmpfs (Linux vma_wants_writenotify()).
  bool write_notify() const { return file_->kind() == storage::FileKind::kDisk; }

  // How far its disk reads ahead. Linux's bdi->ra_pages.
  uint64_t readahead_pages() const { return readahead_pages_; }

  // When the file became dirty, in ticks of the virtual clock: since then write-back by age, or of
  // everything, has not come by. Nothing: it is clean. Linux's inode::dirtied_when.
  std::optional<uint64_t> dirty_since_ticks() const { return dirty_since_ticks_; }

  // The order of the folio that a cached page belongs to. REQUIRES: cached.
  uint8_t folio_order(uint64_t pgoff) const;

  // An open file of it is closed for good.
  void closed();

  // The file's pages in the page cache: ascending, with the dirty ones marked.
  const PageIndex& pages() const { return pages_; }

 private:
  friend class PageCache;
  friend struct PageCacheTestPeer;
  uint32_t number_;
  std::shared_ptr<storage::SimFile> file_;
  uint64_t readahead_pages_;
  PageIndex pages_;
  std::optional<uint64_t> dirty_since_ticks_{};
  bool cut_to_nothing_ = false;  // and no open file of it closed since
  // The PageCache's; null where there is none.
  const phys::FrameTable* frames_ = nullptr;
  std::vector<uint32_t>* replaced_ = nullptr;
};

}  // namespace faultline::cache
