// PageTable: the page tables of one address space, a tree of table pages in the processor's format.
// Linux's mm->pgd.
//
// Software reads and writes leaf entries by Vpn (get, set); the walker reads every level as
// hardware does, and sets accessed and dirty bits (walk). Table pages are made when an entry is
// set, and freed by free_empty_tables, as Linux frees them at munmap and not when an entry is
// cleared (linux-semantics M5).
//
// Invariants, checked by validate():
//   1. each table's count of entries that are not none equals a recount
//   2. table_pages() equals a recount, the root included
//   3. every entry above the leaf is none, or present and points to a table of the next level
// Owns: its table pages. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "faultline/access.h"
#include "faultline/types.h"
#include "sim/hw/paging_format.h"
#include "sim/hw/pte.h"

namespace faultline::hw {

// What one page walk found.
struct WalkResult {
  Pte leaf;  // as it is after the walk; none when a table was missing
  uint8_t entries_read = 0;
  uint8_t level = 0;  // where the walk ended: 0, or the level of the entry that was not present
};

class PageTable {
 public:
  explicit PageTable(const PagingFormat& format);
  ~PageTable();
  PageTable(const PageTable&) = delete;
  PageTable& operator=(const PageTable&) = delete;

  const PagingFormat& format() const { return format_; }

  // The leaf entry; none where its table does not exist.
  Pte get(Vpn vpn) const;
  // Writes the leaf entry, making the tables above it. Clearing (a none Pte) never makes tables.
  void set(Vpn vpn, Pte pte);
  // Calls `visit(vpn, pte)` for each leaf entry of [first, first + count) that is not none,
  // ascending, skipping what is missing. `visit` returns the entry's new value, which is written
  // back.
  void update_range(Vpn first, uint64_t count, const std::function<Pte(Vpn, Pte)>& visit);
  // The same, reading alone.
  void for_each(Vpn first, uint64_t count, const std::function<void(Vpn, Pte)>& visit) const;
  // Frees the tables within reach of the range that have no entry left. The root stays.
  void free_empty_tables(Vpn first, uint64_t count);

  // The hardware's page walk: reads one entry a level; if the access is permitted, sets accessed on
  // every level and, for a store, dirty on the leaf. The caller compares the leaf's rights with the
  // access.
  WalkResult walk(Vpn vpn, AccessKind kind);

  // Table pages in use, the root included.
  uint64_t table_pages() const { return table_pages_; }

  void validate() const;

 private:
  struct Table;
  // ... (the implementer's)
  const PagingFormat& format_;
  uint64_t table_pages_ = 0;
};

}  // namespace faultline::hw
