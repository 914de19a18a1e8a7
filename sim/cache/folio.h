// Folios: which pages of a disk file stand together in the page cache. Linux's struct folio.
//
// Frames are single here; that a page belongs to a folio of 2^order pages is a number on its frame,
// and the folio begins at the page's pgoff rounded down to its size. What Linux has once for a
// folio (PG_dirty, PG_uptodate, PG_readahead) all of its frames have alike. Files of tmpfs have
// folios of one page (huge=never).
//
// Units: pages of a file; bytes where it says so.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "faultline/types.h"
#include "sim/base/align.h"
#include "sim/cache/backing.h"
#include "sim/cache/pgoff_range.h"
#include "sim/phys/frame_table.h"

namespace faultline::cache {

// 2 MiB of 4 KiB pages. Source: Linux fs/ext4/inode.c ext4_set_inode_mapping_order(), 6.18.
inline constexpr uint8_t kFolioOrderMax = 9;

// The pages of the folio that a cached page belongs to. REQUIRES: kFrameFile.
inline PgoffRange folio_of(const phys::PageFrame& frame) {
  const uint64_t count = uint64_t{1} << frame.order;
  return {base::align_down(frame.pgoff, count), count};
}

// The largest order, up to `order`, that a folio may have which begins at page `pgoff`.
inline uint8_t aligned_order(uint64_t pgoff, uint8_t order) {
  return pgoff == 0 ? order : std::min(order, static_cast<uint8_t>(std::countr_zero(pgoff)));
}

// The bytes of the largest folio that the file may have. Linux's mapping_max_folio_size().
inline uint64_t folio_bytes_max(const Backing& backing) {
  return backing.file().page_size().bytes() << (backing.write_notify() ? kFolioOrderMax : 0);
}

// The order of the folio that a write of so many bytes asks for. Source: Linux
// include/linux/pagemap.h fgf_set_order().
inline uint8_t order_to_write(uint64_t length_bytes, PageSize page_size) {
  const uint64_t pages = length_bytes >> page_size.shift;
  if (pages <= 1) return 0;
  return std::min(kFolioOrderMax, static_cast<uint8_t>(std::bit_width(pages) - 1));
}

}  // namespace faultline::cache
