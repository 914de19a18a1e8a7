// SimFile: one file's durable side: what the disk holds of it, or, for tmpfs, what memory holds
// outside the page cache. Linux's inode with its blocks.
//
// Files are sparse: a page never written reads as zeros, or as the pattern that fill_pattern()
// asked for. What a SimFile of kind kDisk holds survives a power cut; what stands in the page cache
// alone does not. Differs from Linux: a change of size, a hole and a moved page are durable at
// once; ext4 makes them so with the next commit of its journal. Differs from Linux: a page of tmpfs
// that reclaim takes out of the cache is kept here, not in a slot of the swap device. Units: bytes;
// pages of `page_size`. Invariants, checked by validate():
//   1. on kDisk the stored bytes past the end of the file are zeros
//   2. the pattern ends at or before the end of the file
//   3. a page that was promised room is a hole, and no room is reserved for it
// Owns: the bytes. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "faultline/types.h"
#include "sim/storage/page_ranges.h"
#include "sim/storage/pattern_map.h"

namespace faultline::storage {

enum class FileKind : uint8_t {
  kDisk,       // ext4-like: page cache over a disk, write-notify
  kTmpfs,      // memory alone: files under /dev/shm and memfd_create
  kSharedAnon  // the nameless tmpfs file behind MAP_SHARED|MAP_ANONYMOUS
};

class SimFile {
 public:
  SimFile(FileKind kind, PageSize page_size, uint64_t inode);

  FileKind kind() const { return kind_; }
  PageSize page_size() const { return page_size_; }
  uint64_t inode() const { return inode_; }
  uint64_t size_bytes() const { return size_bytes_; }
  // The number of pages that hold a byte of the file. O(1).
  uint64_t page_count() const;
  // The largest size the file system allows: 2^44 - 4096 on the disk, 2^63 - 1 on tmpfs. Source:
  // measured on ext4 with 4 KiB blocks, Linux 6.18; include/linux/fs.h MAX_LFS_FILESIZE.
  uint64_t size_bytes_max() const;

  // Cut pages are gone and the rest of the last page becomes zeros, also where the size stays as it
  // is; pages added read as zeros.
  // O(pages cut). REQUIRES: size_bytes <= size_bytes_max().
  void set_size(uint64_t size_bytes);
  // Gives the file that size and fills it with (i*31 + (i>>12)*7 + seed) & 0xff, without storing
  // the bytes. What it held before is gone.
  void fill_pattern(uint64_t size_bytes, uint64_t seed);

  // The pages [first, first + count) are holes now; the size stays. O(pages punched + log pages).
  void punch(uint64_t first, uint64_t count);
  // fallocate(2): there is room for the pages [first, first + count), which read as zeros.
  // They are holes still, but that pages of the cache over them are data to SEEK_DATA even when
  // clean; on tmpfs they are pages that nobody has used yet (PageCache::reserve).
  // What lies past the end goes with the next set_size() that does not grow. Source: Linux
  // fs/ext4/extents.c ext4_alloc_file_blocks(), fs/iomap/seek.c iomap_seek_data_iter().
  void reserve(uint64_t first, uint64_t count);
  bool reserved(uint64_t pgoff) const { return reserved_.contains(pgoff); }
  // The next reserved pages at or behind `pgoff`. O(log ranges).
  std::optional<PageRanges::Range> next_reserved(uint64_t pgoff) const {
    return reserved_.next_from(pgoff);
  }
  // The page cache has something to write to a hole: the page is data to SEEK_DATA from here on,
  // but O_DIRECT cannot read it before it is written. What is promised past the end goes with the
  // next set_size() that does not grow. Nothing where the page is no hole, or has room. Linux's
  // delayed allocation, in fs/ext4/extents_status.c.
  void promise(uint64_t pgoff);
  bool promised(uint64_t pgoff) const { return promised_.contains(pgoff); }
  // The next promised pages at or behind `pgoff`. O(log ranges).
  std::optional<PageRanges::Range> next_promised(uint64_t pgoff) const {
    return promised_.next_from(pgoff);
  }
  // Memory is lost, and with it what was promised.
  void forget_promises() { promised_ = {}; }
  // The pages get blocks of the disk: those that were holes, or had room, are zeros that were
  // written. They may lie past the end.
  void allocate(uint64_t first, uint64_t count);
  // Zeros in a part of one page, unless the page is a hole. O(log pages). REQUIRES: within a page.
  void zero_part(uint64_t offset_bytes, uint64_t length_bytes);
  // Takes the pages [first, first + count) out; what is behind them moves down, and the size
  // shrinks by as much. REQUIRES: they end before the end of the file. O(pages).
  void collapse(uint64_t first, uint64_t count);
  // Makes room for `count` pages of zeros at page `first`; the size grows by as much. REQUIRES:
  // the new size is allowed. O(pages).
  void insert(uint64_t first, uint64_t count);

  // Copies page `pgoff` into `page`: zeros in holes and past the end of a file of the disk (a file
  // of tmpfs keeps what was stored past its end, linux-semantics D19). O(log pages).
  // REQUIRES: page.size() is a page.
  void read_page(uint64_t pgoff, std::span<std::byte> page) const;
  // Stores page `pgoff`, and so keeps what was promised; on the disk only up to the end of the
  // file, and zeros behind it. An empty `page` notes that the page was written where contents are
  // not kept. O(log pages). REQUIRES: page.size() is a page or 0; on the disk the page holds a byte
  // of the file.
  void write_page(uint64_t pgoff, std::span<const std::byte> page);
  // Whether the page was ever written or belongs to the pattern: it is not a hole. O(log pages).
  bool has_page(uint64_t pgoff) const;
  // Whether the page was ever written here. On tmpfs: it was taken out of the cache, and bringing
  // it back costs I/O. O(log pages).
  bool stores_page(uint64_t pgoff) const { return pages_.contains(pgoff); }

  // The first page at or behind `pgoff` that is not a hole; nothing if there is none. O(log pages).
  std::optional<uint64_t> first_page_from(uint64_t pgoff) const;

  // Permission bits of the owner, as in the mode of open(2): 0400 to read, 0200 to write.
  uint32_t mode() const { return mode_; }
  void set_mode(uint32_t mode) { mode_ = mode; }

  // What /proc/PID/maps prints: the name it has or had last, with " (deleted)" behind it when it
  // has none any more. Source: Linux fs/d_path.c d_path().
  std::string display_path() const { return unlinked() ? path_ + " (deleted)" : path_; }
  void set_path(std::string path) { path_ = std::move(path); }
  bool unlinked() const { return links_ == 0; }
  void add_link() { ++links_; }
  // REQUIRES: !unlinked().
  void remove_link();

  void validate() const;

 private:
  friend struct SimFileTestPeer;

  using Pages = std::map<uint64_t, std::unique_ptr<std::byte[]>>;

  // Takes the stored pages at or behind page `first` out.
  Pages take_pages_from(uint64_t first);

  FileKind kind_;
  PageSize page_size_;
  uint64_t inode_;
  uint64_t size_bytes_ = 0;
  uint32_t links_ = 0;
  uint32_t mode_ = 0644;
  std::string path_;
  PatternMap pattern_;
  PageRanges reserved_;
  PageRanges promised_;  // of kDisk
  Pages pages_;          // null: written, contents not kept
};

}  // namespace faultline::storage
