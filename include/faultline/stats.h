// The counters of a machine. What each counts is fixed in docs/counting.md; every engine and reader
// keeps to it.
//
// All are totals since the machine was made.
#pragma once

#include <array>
#include <cstdint>

#include "faultline/options.h"

namespace faultline {

// Accesses by kind; disjoint, and together all accesses.
struct AccessStats {
  uint64_t loads = 0;
  uint64_t stores = 0;
  uint64_t fetches = 0;
  uint64_t modifies = 0;
  uint64_t accesses() const { return loads + stores + fetches + modifies; }
};

struct TlbLevelStats {
  uint64_t hits = 0;
  uint64_t misses = 0;
};

// One lookup a reference; the retry after a fault is not counted; l2 counts what missed the first
// level.
struct TlbStats {
  TlbLevelStats l1d;
  TlbLevelStats l1i;
  TlbLevelStats l2;
};

// Page walks, those that end in a fault too, and the page-table entries that they read.
struct WalkStats {
  uint64_t count = 0;
  uint64_t memory_references = 0;
};

// One lookup a walk in each level from the lowest up, until one hits. By level, the lowest first.
struct WalkCacheStats {
  std::array<TlbLevelStats, kWalkCacheLevelsMax> levels{};
};

struct FaultStats {
  uint64_t minor = 0;
  uint64_t major = 0;
  uint64_t segv_maperr = 0;
  uint64_t segv_accerr = 0;
  uint64_t bus_adrerr = 0;
};

// A reference to a page that is resident is a hit; a miss is cold when it is the first ever.
struct ReplacementStats {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t cold_misses = 0;
  uint64_t evictions = 0;
  uint64_t dirty_evictions = 0;
};

struct MemoryStats {
  uint64_t resident_pages = 0;
  uint64_t peak_resident_pages = 0;
  uint64_t inferred_pages = 0;
  uint64_t page_table_pages = 0;
};

struct Stats {
  AccessStats accesses;
  uint64_t references = 0;     // to pages; hits + misses
  uint64_t pages_touched = 0;  // distinct pages referenced
  TlbStats tlb;
  WalkStats walks;
  WalkCacheStats walk_cache;
  FaultStats faults;
  ReplacementStats replacement;
  MemoryStats memory;
};

}  // namespace faultline
