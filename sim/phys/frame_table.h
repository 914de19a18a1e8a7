// FrameTable: what is known of every frame of physical memory, and the frames' bytes. Linux's
// mem_map of struct page.
//
// Hot state lies in flat arrays indexed by Pfn: 32 bytes a frame, up to the highest ever taken,
// and 8 more for the pointer to its bytes with Contents::kBytes. A frame's bytes exist from the
// first store on; before it they read as zero. Frame 0 is the zero page: always there, never
// counted, never written.
//
// Invariants, checked by validate():
//   1. frame 0 has no bytes
//   2. a frame that is free has refcount 0, mapcount 0, no flags and no bytes
//   3. mapcount <= refcount
// Owns: the frames' bytes. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "faultline/options.h"
#include "faultline/types.h"
#include "sim/base/flat_array.h"

namespace faultline::phys {

inline constexpr Pfn kZeroPagePfn{0};

enum FrameFlag : uint16_t {
  kFrameInUse = 1,       // taken from the allocator
  kFrameAnon = 2,        // holds an anonymous page
  kFrameFile = 4,        // in a page cache: owner and pgoff say of what
  kFrameDirty = 8,       // PG_dirty: differs from what the disk holds
  kFrameWriteback = 16,  // PG_writeback
  kFrameUptodate = 32,   // PG_uptodate
  kFrameLazyFree = 64,   // anonymous and not PG_swapbacked: dropped, not swapped, while it is clean
  kFrameAnonExclusive = 128,  // PageAnonExclusive: one PTE's own; fork() takes it away
  kFrameDroppable = 256,      // of a MAP_DROPPABLE mapping: dropped, clean or not
  kFrameReadahead = 512,      // PG_readahead: its use starts the next read-ahead
  // Of a page in a large folio, which alone has more than one block. Linux's struct buffer_head.
  kFrameBlockDirty = 1024,     // BH_Dirty: the block is to be written with its folio
  kFrameBlockUptodate = 2048,  // BH_Uptodate, where the folio is not
  // PG_mlocked of a page whose VMA is not locked any more (row F9): until it is freed.
  kFrameMlocked = 4096,
};

// Linux's struct page. 24 bytes.
struct PageFrame {
  uint32_t refcount = 0;  // users: PTEs, the page cache, the kernel
  uint32_t mapcount = 0;  // PTEs that map it
  uint32_t owner = 0;     // kFrameFile: the number of the Backing; kFrameAnon: not used
  uint16_t flags = 0;     // FrameFlag
  uint8_t order = 0;      // kFrameFile: the page belongs to a folio of 2^order pages
  uint8_t reserved = 0;
  uint64_t pgoff = 0;  // kFrameFile: the page of the Backing
};

class FrameTable {
 public:
  FrameTable(PageSize page_size, Contents contents);

  PageSize page_size() const { return page_size_; }
  Contents contents() const { return contents_; }
  // Frames known so far, frame 0 included.
  uint64_t size() const { return frames_.size(); }

  // REQUIRES: pfn.value < size().
  PageFrame& operator[](Pfn pfn) { return frames_[pfn.value]; }
  const PageFrame& operator[](Pfn pfn) const { return frames_[pfn.value]; }

  // The position of the last reference to each frame's page, for policies that see every access;
  // written by the machine's access loop. Indexed by Pfn; valid until the table grows.
  std::span<uint64_t> last_references() { return last_references_.span(); }

  // Makes room for frame `pfn` and marks it in use with refcount 1. REQUIRES: it is not in use.
  void mark_taken(Pfn pfn);
  // Drops its bytes and clears all that is known of it. REQUIRES: in use, mapcount 0.
  void mark_free(Pfn pfn);

  // A page of bytes; zeros where nothing was stored yet. With Contents::kNone always zeros. Valid
  // until writable_bytes(pfn) or mark_free(pfn).
  std::span<const std::byte> bytes(Pfn pfn) const;
  // The same to be written; gets the bytes at the first call. Empty with Contents::kNone. REQUIRES:
  // pfn is not the zero page.
  std::span<std::byte> writable_bytes(Pfn pfn);
  // Whether bytes were ever written since the frame was taken.
  bool has_bytes(Pfn pfn) const;

  // Stops the program when an invariant does not hold. O(frames).
  void validate() const;

 private:
  friend struct FrameTableTestPeer;

  PageSize page_size_;
  Contents contents_;
  base::FlatArray<PageFrame> frames_;
  base::FlatArray<uint64_t> last_references_;
  std::vector<std::unique_ptr<std::byte[]>> bytes_;  // stays empty with Contents::kNone
  std::unique_ptr<std::byte[]> zeros_;
};

}  // namespace faultline::phys
