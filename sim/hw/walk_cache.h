// WalkCache: the paging-structure caches of a processor: for each level above the leaf, a cache of
// the entries that point to tables. A walk begins below the lowest of them that holds its page's
// entry, and reads that many entries less.
//
// After a walk that was permitted every entry above the leaf that it went by is held, as its
// accessed bit is set by then. A page fault drops those that its address would use; a flush, of
// whatever pages, drops all of its address space, as INVLPG does; so does a table that is freed.
// Differs from processors that keep what a flush does not concern (AMD's EFER.TCE).
// Source: Intel SDM vol. 3A, 4.10.3 "Paging-Structure Caches", 4.10.4.1.
//
// What is held is the number of the level alone: what the entry points to is in the page table.
// Owns: its levels and counts. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "faultline/options.h"
#include "faultline/stats.h"
#include "faultline/types.h"
#include "sim/hw/page_table.h"
#include "sim/hw/paging_format.h"
#include "sim/hw/tlb_gather.h"
#include "sim/hw/tlb_level.h"

namespace faultline::hw {

class WalkCache {
 public:
  // REQUIRES: the levels that `options` has are the format's, each as TlbLevel wants it.
  WalkCache(const PagingFormat& format, const WalkCacheOptions& options);

  // How many entries a walk reads that begins where the cache lets it; `walk` is what it found.
  // Fills the cache if that was permitted. Counts. O(levels * ways).
  uint8_t entries_read(Asid asid, const PageTable& table, Vpn vpn, const WalkResult& walk);
  // Drops what a page fault at the page drops. O(levels * ways).
  void fault(Asid asid, Vpn vpn);
  // Drops what is held of the address space. O(entries).
  void flush(Asid asid);
  void apply(const TlbGather& gather);

  const WalkCacheStats& stats() const { return stats_; }
  // Takes back what was counted since.
  void set_stats(const WalkCacheStats& stats) { stats_ = stats; }

 private:
  struct Level {
    TlbLevel cache;
    uint8_t shift = 0;  // of a page's number, to that of the entry
  };
  // What is held of an address space was true when so many times tables had been freed.
  void forget_freed(Asid asid, const PageTable& table);

  uint8_t levels_;                                                  // of the format
  std::array<std::optional<Level>, kWalkCacheLevelsMax> by_level_;  // [0] is level 1
  std::vector<uint64_t> free_counts_;                               // by asid
  WalkCacheStats stats_;
};

}  // namespace faultline::hw
