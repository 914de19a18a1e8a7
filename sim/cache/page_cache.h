// PageCache: the pages of files that are in memory, the only place through which bytes go between
// files and processes: read(2), write(2) and mappings share its frames. Linux's mm/filemap.c,
// mm/truncate.c and mm/page-writeback.c.
//
// It never allocates unasked: frames come from the caller or from the caller's FrameSource, and a
// frame in the cache holds one reference for it.
//
// A page of a disk file is dirty (kFrameDirty) from mark_dirty() until write_back(), reclaim or the
// end of the page; faults keep it so, as the first store to a clean page faults. In a large folio
// (folio.h) all pages are dirty when one is, and those with kFrameBlockDirty are written. For tmpfs
// nothing is ever written back; kFrameDirty says there that reclaim may not just drop the page.
// Whoever removes a PTE with its dirty bit set passes it on to the frame. Reading a page of a disk
// file costs I/O, or counts as if, when it is a hole (linux-semantics D19); a page of tmpfs costs
// I/O only when reclaim had taken it out.
//
// A page of the disk of which a part was set to zero (truncation, fallocate) comes into the cache
// for that, but without kFrameUptodate: mincore(2) and fault-around do not see it, and the fault
// that finds it is minor. Its bytes are the right ones all the same.
//
// Units: pgoff, pages of a file; sizes in bytes.
// Invariants, checked by validate():
//   1. index and frames agree one to one: a cached page's frame is in use, has kFrameFile, and
//      names its Backing and pgoff; no other frame has kFrameFile. On tmpfs it has kFrameUptodate
//   2. a page of a disk file stands in the dirty set iff its frame has kFrameDirty, and no page of
//      tmpfs does
//   3. a page beyond the end of a disk file holds zeros: a write of which no byte came put it
//      there, or truncation left it in its folio
//   4. a page that is not to be written equals what the file holds: always on the disk, zeros past
//      the end of the file included; on tmpfs while nothing maps it (contents kept)
//   5. the counts of cached and of dirty pages equal a recount
//   6. a Backing that nobody uses belongs to a file that has a name
//   7. a file with dirty pages knows since when it is dirty
//   8. the pages of a large folio are all cached, of one order, and alike in kFrameDirty,
//      kFrameUptodate and kFrameReadahead; it is of a disk file, and dirty iff one of its pages has
//      kFrameBlockDirty, which no other page has
//   9. what the disk is still to bring (see all_arrived()) is cached
// Owns: the Backings, and one reference to each frame in them. Outlives every handle that it gave
// out. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "faultline/types.h"
#include "sim/base/clock.h"
#include "sim/cache/backing.h"
#include "sim/cache/byte_range.h"
#include "sim/cache/cached_page.h"
#include "sim/cache/folio.h"
#include "sim/cache/frame_source.h"
#include "sim/cache/open_file.h"
#include "sim/cache/readahead.h"
#include "sim/hw/tlb_gather.h"
#include "sim/phys/frame_allocator.h"
#include "sim/phys/frame_table.h"
#include "sim/rmap/reverse_map.h"
#include "sim/storage/disk.h"

namespace faultline::cache {

// What became of a page that reclaim wanted to be rid of.
enum class Reclaimed : uint8_t {
  kBusy,     // somebody uses it: nothing changed but PTEs that are unmapped
  kDropped,  // it was clean
  kWritten,  // it was dirty and was written first
};

// What drop_clean() did.
struct Dropped {
  uint64_t pages = 0;
  bool in_use = false;  // a clean folio stayed, as somebody uses it
};

// Told of each page written back.
class WriteBackListener {
 public:
  virtual ~WriteBackListener() = default;
  virtual void on_write_back(const Backing& backing, uint64_t pgoff, Pfn pfn) = 0;
};

class PageCache {
 public:
  // What it works on, all outliving it.
  struct Parts {
    phys::FrameTable& frames;
    phys::FrameAllocator& allocator;
    rmap::ReverseMap& reverse_map;
    storage::Disk& disk;
    // The disk's read_ahead_kb, in pages. REQUIRES: at least 1.
    uint64_t readahead_pages = kReadaheadPages;
  };

  explicit PageCache(const Parts& parts);
  // REQUIRES: every handle of get_backing() is gone.
  ~PageCache();
  PageCache(const PageCache&) = delete;
  PageCache& operator=(const PageCache&) = delete;

  // The Backing of `file`: one and the same as long as the file lives. When the last handle goes
  // and the file has no name, its pages are freed. O(log files).
  std::shared_ptr<Backing> get_backing(const std::shared_ptr<storage::SimFile>& file);
  // The Backing with that number; null when it is gone. O(1).
  Backing* find_backing(uint32_t number) const;
  // Frees the pages of a file that lost its last name, unless somebody uses it. Call it after
  // Disk::unlink and Disk::rename.
  void forget_if_unused(const storage::SimFile& file);

  // The frame of the page, or kNoPfn.
  Pfn find(const Backing& backing, uint64_t pgoff) const { return backing.pages_.find(pgoff); }
  // The same where the page is up to date: what mincore(2) and fault-around see.
  Pfn find_uptodate(const Backing& backing, uint64_t pgoff) const;
  // Whether the page is up to date, or only its block of a large folio is.
  bool block_uptodate(const Backing& backing, uint64_t pgoff) const;
  // Puts `fresh` into the cache as that page and reads the page into it; takes over the caller's
  // reference. Whether that cost I/O. O(log pages).
  // REQUIRES: the page is not cached, lies within the file, and `fresh` is as take_frame() gives
  // it.
  bool insert(Backing& backing, uint64_t pgoff, Pfn fresh);
  // The page, read in if need be; nothing when no frame is to be had. REQUIRES: within the file.
  std::optional<CachedPage> get_or_read_page(Backing& backing, uint64_t pgoff, FrameSource& source);
  // The same for a fault of a mapping of `file`, with the read-ahead that goes with it. On tmpfs
  // there is none. The caller calls finish_reading() once it has mapped what is there by then.
  // Source: Linux mm/filemap.c filemap_fault(), fs/ext4/readpage.c ext4_mpage_readpages().
  std::optional<CachedPage> read_for_fault(OpenFile& file, uint64_t pgoff, Advice advice,
                                           FrameSource& source);
  // The same for a mapping that may be executed, without advice or with MADV_RANDOM, which a page
  // that is missing does not heed: page `wanted.first`, and at most what lies between it and the
  // mapping's end. Source: Linux mm/filemap.c do_sync_mmap_readahead(), 6.18.
  std::optional<CachedPage> read_for_code(OpenFile& file, PgoffRange wanted, Advice advice,
                                          FrameSource& source);
  // The same for a read() of `file` that has page `wanted.first` next and `wanted.count` pages to
  // go. The zero page for a hole of tmpfs, which stays one. REQUIRES: wanted.count > 0; within the
  // file. Source: Linux mm/filemap.c filemap_get_pages().
  std::optional<CachedPage> read_for_read(OpenFile& file, PgoffRange wanted, FrameSource& source);
  // read() looks at up to 31 cached folios before it copies the first of them, and the mark of one
  // starts the next read-ahead then. `left`: what comes behind the first page. The page behind
  // those that were looked at. Source: Linux mm/filemap.c filemap_get_read_batch(),
  // filemap_get_pages().
  uint64_t look_ahead(OpenFile& file, PgoffRange left, FrameSource& source);
  // Reads what is still underway. REQUIRES: `page` is cached.
  void finish_reading(Backing& backing, const CachedPage& page, FrameSource& source);
  // What was read without anybody waiting for it, by finish_reading() or at the use of a mark, is
  // there by now. Until this is called such a page is not up to date to find_uptodate(), and a
  // fault that finds it waits for it.
  // Differs from Linux: it is there with the next call; there the disk takes a time of its own, and
  // mincore right behind read-ahead may or may not see it.
  void all_arrived() { arriving_.clear(); }
  // Reads those pages of the plan that are not cached, until no frame is to be had: in folios as
  // large as the plan has them up to the first page that is there, then page by page.
  // Source: Linux mm/readahead.c page_cache_ra_order(), page_cache_ra_unbounded(), 6.18.
  void read_ahead(Backing& backing, const ReadPlan& plan, FrameSource& source);

  // Reads the pages of `range` that are not cached, as MADV_WILLNEED asks: of a disk file all,
  // without a mark; of tmpfs what reclaim had taken out.
  // Source: Linux mm/readahead.c force_page_cache_ra(); mm/madvise.c shmem_swapin_range().
  void will_need(Backing& backing, PgoffRange range, FrameSource& source);

  // write(2) of `wanted` begins: the part of it that the folio of its first page holds, which is in
  // the cache from here on; a new folio is as large as what is wanted, if it can begin there. What
  // is overwritten in part alone is read. Nothing: no frame is to be had. REQUIRES: count > 0.
  // Source: Linux fs/ext4/inode.c ext4_da_write_begin(), mm/filemap.c __filemap_get_folio(), 6.18.
  std::optional<ByteRange> begin_write(Backing& backing, ByteRange wanted, FrameSource& source);
  // The write goes on with `bytes`, which are fewer than `part` where their source ended; how many
  // were taken: of fewer none, where the folio is not up to date. The file reaches as far then;
  // what was made behind it stays. REQUIRES: begin_write() gave `part`. Source: Linux fs/buffer.c
  // block_write_end(), fs/ext4/inode.c ext4_da_write_end(), mm/shmem.c shmem_write_end(), 6.18.
  uint64_t end_write(Backing& backing, ByteRange part, std::span<const std::byte> bytes);

  // The page differs from the file's, which on the disk is to have room for it. REQUIRES: cached.
  void mark_dirty(Backing& backing, uint64_t pgoff);
  // A mapping may store to the page: the whole folio is to be written, as far as the file reaches.
  // REQUIRES: cached. Source: Linux fs/buffer.c block_page_mkwrite().
  void mark_stored(Backing& backing, uint64_t pgoff);
  // Writes the dirty folios with a page in `range` to the file: their PTEs lose the dirty bit and
  // the right to write, so that the next store faults (linux-semantics D10), and bytes past the end
  // of the file become zeros. The pages written; always 0 on tmpfs. O(dirty pages in range · log
  // pages). Source: Linux mm/page-writeback.c write_cache_pages(), folio_clear_dirty_for_io().
  uint64_t write_back(Backing& backing, PgoffRange range, hw::TlbGather& gather);
  // Files that stood in for others are written at once: one that was cut to nothing when an open
  // file of it is closed for good, one that rename(2) put in the place of another; but only where
  // the disk has no room yet for what is dirty. ext4's auto_da_alloc. Source: Linux fs/ext4/file.c
  // ext4_release_file(), fs/ext4/inode.c ext4_truncate(), ext4_alloc_da_blocks(), fs/ext4/namei.c
  // ext4_rename(), 6.18.
  void flush_replaced(hw::TlbGather& gather);
  // rename(2) has put `file` in the place of another.
  void note_renamed_over(const storage::SimFile& file);
  // fsync(2): every dirty page of the file, which is young again then; write_back() leaves it as
  // old as it was. Source: measured, Linux 6.18.
  uint64_t write_back_file(Backing& backing, hw::TlbGather& gather);
  // sync(2): every dirty page of every file, file by file in the order they were first used.
  uint64_t write_back_all(hw::TlbGather& gather);
  // When the file became dirty that is dirty longest; nothing where none is. O(files).
  std::optional<base::Ticks> dirty_since() const;
  // Writes all dirty pages of that file; false where there is none. O(files + dirty pages).
  bool write_back_oldest(hw::TlbGather& gather);
  // The clock that says since when files are dirty. Null: it stands still.
  void set_clock(const base::VirtualClock* clock) { clock_ = clock; }

  // Unmaps the page in `pfn`, writes it if it is dirty, and frees the frame. kBusy when a page
  // table, the kernel or a lock still holds it. REQUIRES: a frame of the cache.
  // Differs from Linux: a large folio falls apart into pages, of which this one goes, because
  // policies choose pages; Linux reclaims it as a whole.
  // Source: Linux mm/vmscan.c shrink_folio_list().
  Reclaimed reclaim_page(Pfn pfn, hw::TlbGather& gather);
  // Unmaps the folio of the page in `pfn` and, if it is clean, frees its frames; a dirty one stays
  // in the cache and is kBusy, as is one that somebody holds. REQUIRES: a frame of the cache.
  // Source: Linux mm/vmscan.c shrink_folio_list(), which leaves writing to the flusher.
  Reclaimed page_out(Pfn pfn, hw::TlbGather& gather);
  // Drops the clean, unmapped folios that lie within `range` (POSIX_FADV_DONTNEED, linux-semantics
  // K3). Source: Linux mm/truncate.c mapping_evict_folio(), mm/filemap.c find_lock_entries().
  Dropped drop_clean(Backing& backing, PgoffRange range);
  // The large folio of the page in `pfn` becomes pages, out of every mapping, unless it is dirty or
  // somebody holds it (MADV_COLD and MADV_PAGEOUT of a part of it). REQUIRES: a frame of the cache.
  // Source: Linux mm/huge_memory.c split_folio().
  void split_folio(Pfn pfn, hw::TlbGather& gather);
  // The folios with a page in `range` go out of every mapping, and the clean ones out of the cache:
  // what the disk holds is newer. Whether none stayed. Source: Linux mm/truncate.c
  // invalidate_inode_pages2_range().
  bool invalidate(Backing& backing, PgoffRange range, hw::TlbGather& gather);

  // ---- Calls that change what the file is. Each sets parts of pages to zero, and may want a frame
  // for such a page; where none is to be had the disk's copy alone is changed.

  // ftruncate(2): pages beyond the new end go, out of every mapping, copies of private ones too;
  // the tail of the last page becomes zeros, when the file grows the tail of the old last page
  // (disk). REQUIRES: size_bytes <= file's size_bytes_max().
  // Source: Linux mm/truncate.c truncate_pagecache(); linux-semantics D3, D19.
  void truncate(Backing& backing, uint64_t size_bytes, FrameSource& source, hw::TlbGather& gather);
  // fallocate(2): keeps room for the pages. On the disk SimFile::reserve() says what that shows. On
  // tmpfs a page reserved before and never used comes into memory, as far as there are frames, and
  // all pages of the range are dirty, those to come too. O(pages cached or reserved before).
  // Source: Linux mm/shmem.c shmem_fallocate(), shmem_get_folio_gfp().
  void reserve(Backing& backing, PgoffRange range, FrameSource& source);
  // fallocate(2): the file is that long at least. REQUIRES: as above. Source: measured, Linux 6.18.
  void allocate_to(Backing& backing, uint64_t size_bytes, FrameSource& source);
  // FALLOC_FL_ZERO_RANGE: whole pages become holes as by punch(), parts of pages zeros.
  void zero_bytes(Backing& backing, ByteRange range, FrameSource& source, hw::TlbGather& gather);
  // FALLOC_FL_PUNCH_HOLE: the same, but that a range which passes the end of a file of the disk
  // takes its last page whole, and one behind it does nothing.
  // Source: Linux fs/ext4/inode.c ext4_punch_hole().
  void punch_bytes(Backing& backing, ByteRange range, FrameSource& source, hw::TlbGather& gather);
  // FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE: what is behind the start of `range` is
  // written and goes out of the cache and every mapping, copies of private ones too; then the
  // file's pages move. REQUIRES: as SimFile::collapse() and insert(). Source: Linux
  // fs/ext4/extents.c ext4_collapse_range(), ext4_insert_range().
  void collapse(Backing& backing, PgoffRange range, hw::TlbGather& gather);
  void insert_hole(Backing& backing, PgoffRange range, hw::TlbGather& gather);
  // Makes holes of whole pages (MADV_REMOVE, fallocate): they go out of the cache and out of every
  // mapping, but for copies of private ones, which stay. The size stays. O(pages cached ·
  // mappings). Source: Linux mm/truncate.c truncate_pagecache_range(); linux-semantics D3.
  void punch(Backing& backing, PgoffRange range, hw::TlbGather& gather);
  // A write at `offset_bytes` is to follow: what mappings stored between the old end of the file
  // and it becomes zeros on the disk. Source: measured on ext4, Linux 6.18.
  void prepare_write_at(Backing& backing, uint64_t offset_bytes, FrameSource& source);
  // A write made the file longer. REQUIRES: not shorter than it is.
  void extend(Backing& backing, uint64_t size_bytes);

  // Memory is lost, the disk keeps what was written back. REQUIRES: no page is mapped.
  void power_cut();

  PageSize page_size() const { return parts_.frames.page_size(); }
  uint64_t cached_pages() const { return cached_pages_; }
  // Those of disk files.
  uint64_t cached_disk_pages() const { return cached_disk_pages_; }
  // Of disk files; tmpfs does not count (Linux NR_FILE_DIRTY).
  uint64_t dirty_pages() const { return dirty_pages_; }
  // Null: nobody is told.
  void set_write_back_listener(WriteBackListener* listener) { listener_ = listener; }

  void validate() const;

 private:
  friend struct PageCacheTestPeer;

  // Reads the page, and the plan with it; of the plan the holes alone where the page is one.
  std::optional<CachedPage> read_with_plan(Backing& backing, uint64_t pgoff, const ReadPlan& plan,
                                           FrameSource& source);
  // A page that is cached, of which `wanted` is wanted: reads on if its folio is marked.
  std::optional<CachedPage> read_for_hit(OpenFile& file, uint64_t pgoff, PgoffRange wanted,
                                         FrameSource& source);
  // read_ahead() where page `there` of the plan has been read before the others.
  void read_but_one(Backing& backing, uint64_t there, const ReadPlan& plan, FrameSource& source);

  // ---- Folios: folio.cc. `folio` is one that is in the cache.
  phys::PageFrame& frame_at(const Backing& backing, uint64_t pgoff) const;
  PgoffRange folio_at(const Backing& backing, uint64_t pgoff) const {
    return folio_of(frame_at(backing, pgoff));
  }
  bool any_cached(const Backing& backing, PgoffRange range) const;
  // Frames for a folio that is not cached yet; false: there are not enough, and nothing changed.
  bool install_folio(Backing& backing, PgoffRange folio, FrameSource& source);
  bool make_folio_to_write(Backing& backing, ByteRange wanted, FrameSource& source);
  void set_flag(const Backing& backing, PgoffRange folio, phys::FrameFlag flag);
  void clear_flag(const Backing& backing, PgoffRange folio, phys::FrameFlag flag);
  // Whether the page is to be written with its folio.
  static bool block_dirty(const phys::PageFrame& frame);
  bool any_block_dirty(const Backing& backing, PgoffRange folio) const;
  // The block has its bytes from here on, and they are to be written.
  void note_written(Backing& backing, uint64_t pgoff);
  void copy_in(Backing& backing, uint64_t offset_bytes, std::span<const std::byte> bytes);
  // Whether nobody but page tables and the cache uses the folio, and it may be taken from them.
  bool evictable(const Backing& backing, PgoffRange folio) const;
  // Whether anybody but the cache uses the folio.
  bool in_use(const Backing& backing, PgoffRange folio) const;
  // Whether a page of the folio that is not in `range` is mapped.
  bool mapped_outside(const Backing& backing, PgoffRange folio, PgoffRange range) const;
  // Takes the folio out of every mapping; whether a PTE of it was dirty.
  bool unmap_folio(const Backing& backing, PgoffRange folio, hw::TlbGather& gather);
  void drop_folio(Backing& backing, PgoffRange folio);
  uint64_t write_folio(Backing& backing, PgoffRange folio);
  // Halves the folio until page `pgoff` is one of its own.
  void split_at(Backing& backing, PgoffRange folio, uint64_t pgoff);
  // Each page becomes a folio of its own, with what was noted for its block.
  void separate(Backing& backing, PgoffRange folio);
  // A large folio of which `gone` takes a part: the rest is in other folios then, or, while it is
  // dirty, in the same. It is out of every mapping.
  void cut_folio(Backing& backing, uint64_t pgoff, ByteRange gone, hw::TlbGather& gather);
  // The same for the folios at both ends of `gone`.
  void cut(Backing& backing, ByteRange gone, hw::TlbGather& gather);
  // What a folio that was split left behind the end of the file goes. Source: Linux
  // mm/huge_memory.c __folio_split().
  void drop_past_end(Backing& backing, PgoffRange split);
  // What lies behind the end of the file goes out of the cache.
  void cut_at_end(Backing& backing, hw::TlbGather& gather);
  // Whether what read() wants of a large folio that is not up to date is there all the same: then
  // the folio stays as it is. Source: Linux mm/filemap.c filemap_range_uptodate().
  bool partly_uptodate(const Backing& backing, PgoffRange wanted) const;
  // Makes `fresh` the page, with the bytes as they are.
  void install(Backing& backing, uint64_t pgoff, Pfn fresh);
  std::vector<uint64_t> missing_pages(const Backing& backing, PgoffRange range) const;
  // What has been read of these pages comes later, but for folios that are nothing but holes.
  void note_arriving(const Backing& backing, std::span<const uint64_t> pages);
  // The part of read_ahead() that waits for no disk.
  void read_holes(Backing& backing, const ReadPlan& plan, FrameSource& source);
  // Gives a cached page the file's bytes; whether that cost I/O, or counts as if.
  bool read_into(const Backing& backing, uint64_t pgoff, Pfn pfn);
  void write_page(Backing& backing, uint64_t pgoff, Pfn pfn);
  void clear_dirty(Backing& backing, uint64_t pgoff, Pfn pfn);
  // Takes the page out of the cache and gives up its frame, whatever it holds.
  void drop_page(Backing& backing, uint64_t pgoff, Pfn pfn);
  // The folios that lie within the range.
  void drop_pages(Backing& backing, PgoffRange range);
  void drop_pages_from(Backing& backing, uint64_t first) {
    drop_pages(backing, {first, ~uint64_t{0} - first});
  }
  void mark_uptodate(const Backing& backing, Pfn pfn);
  void mark_page_dirty(Backing& backing, uint64_t pgoff, phys::PageFrame& frame);
  // Writes the file if room was promised to a page of it.
  void flush_delayed(Backing& backing, hw::TlbGather& gather);
  // The file that is dirty longest, or null.
  Backing* find_oldest_dirty() const;
  // Brings in the pages of `range` that tmpfs keeps room for. False: no frame was to be had.
  bool fill_reserved(Backing& backing, PgoffRange range, FrameSource& source);
  // Zeros in a part of one page, which becomes dirty unless it is a hole.
  void zero_part(Backing& backing, ByteRange part, FrameSource& source);
  // The same from `offset_bytes` to the end of its page, if the page goes on there.
  void zero_tail(Backing& backing, uint64_t offset_bytes, FrameSource& source);
  // What collapse() and insert_hole() do first.
  void forget_from(Backing& backing, uint64_t first, hw::TlbGather& gather);
  void on_last_handle_gone(uint32_t number);
  void release(uint32_t number);
  void validate_page(const Backing& backing, uint64_t pgoff, Pfn pfn) const;
  void validate_folio(const Backing& backing, uint64_t pgoff, Pfn pfn) const;

  struct Slot {
    std::unique_ptr<Backing> backing;  // null: gone
    std::weak_ptr<Backing> handle;
  };

  Parts parts_;
  std::vector<Slot> slots_;                             // by the number of the Backing; 0 is none
  std::map<uint64_t, uint32_t> numbers_;                // by inode, of those that are not gone
  std::vector<uint32_t> replaced_{};                    // numbers of what flush_replaced() writes
  std::set<std::pair<uint32_t, uint64_t>> arriving_{};  // number of the Backing, page: underway
  WriteBackListener* listener_ = nullptr;
  const base::VirtualClock* clock_ = nullptr;
  uint64_t cached_pages_ = 0;
  uint64_t cached_disk_pages_ = 0;
  uint64_t dirty_pages_ = 0;
};

}  // namespace faultline::cache
