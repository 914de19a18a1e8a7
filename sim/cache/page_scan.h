// Where the pages about a page are cached without a gap, as the kernel's read-ahead finds out. It
// walks the slots of its tree (64 in a node), and where it begins within a large folio it looks at
// the slots from the folio's first on while it counts from the page it began with. So the answers
// are not always right, and read-ahead follows them. Source: Linux mm/filemap.c
// page_cache_prev_miss(), page_cache_next_miss(); lib/xarray.c __xas_prev(), __xas_next(), 6.18.
//
// Units: pages of a file. Pure functions.
#pragma once

#include <cstdint>

#include "sim/cache/backing.h"

namespace faultline::cache {

// From `pgoff` down, the first page that seems not to be cached; where `count` pages seem to be,
// the last of them; where all from the start of the file do, ~0. O(count · log pages).
uint64_t previous_miss(const Backing& backing, uint64_t pgoff, uint64_t count);
// From `pgoff` up, the first page that seems not to be cached; where `count` pages seem to be, the
// page behind them. O(count · log pages).
uint64_t next_miss(const Backing& backing, uint64_t pgoff, uint64_t count);

}  // namespace faultline::cache
