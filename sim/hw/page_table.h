// PageTable: the page tables of one address space, a tree of table pages in the processor's format.
// Linux's mm->pgd.
//
// Software reads and writes leaf entries by Vpn (get, set); the walker reads every level as
// hardware does, and sets accessed and dirty bits (walk). Table pages are made when an entry is
// set, and freed by free_empty_tables, as Linux frees them at munmap and not when an entry is
// cleared (linux-semantics M5).
//
// Units: Vpn in pages; every Vpn and range is below 2^format.page_number_bits(), which is checked
// wherever a table has to be found. An entry above the leaf holds the number of a table where the
// processor has a physical address.
//
// The leaf tables last used are remembered, so that get, set and walk seldom read the levels above;
// what they answer, set and count is the same with and without.
//
// Invariants, checked by validate():
//   1. each table's count of entries that are not none equals a recount
//   2. table_pages() equals a recount, the root included
//   3. every entry above the leaf is none, or present and points to a table of the next level
//   4. a remembered leaf table is the one that a descent finds; where it says that the levels above
//      are accessed, they are
// Owns: its table pages. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "faultline/access.h"
#include "faultline/types.h"
#include "sim/base/check.h"
#include "sim/hw/paging_format.h"
#include "sim/hw/pte.h"

namespace faultline::hw {

// What one page walk found.
struct WalkResult {
  Pte leaf;                // as it is after the walk; none when a table was missing
  bool permitted = false;  // whether the leaf is present and grants the access
  uint8_t entries_read = 0;
  uint8_t level = 0;  // where the walk ended: 0, or the level of the entry that was not present
};

class PageTable {
 public:
  // Makes the root. `format` must outlive the table.
  explicit PageTable(const PagingFormat& format);
  PageTable(const PageTable&) = delete;
  PageTable& operator=(const PageTable&) = delete;

  const PagingFormat& format() const { return format_; }

  // The leaf entry; none where its table does not exist.
  Pte get(Vpn vpn) const {
    const LeafTable* leaf = find_leaf(vpn);
    return leaf == nullptr ? Pte{} : Pte{leaf->entries[vpn.value & leaf_mask_]};
  }
  // Makes the tables above the leaf entry, so that set() needs no memory.
  void make_tables(Vpn vpn) {
    if (find_leaf(vpn) == nullptr) [[unlikely]]
      make_leaf(vpn);
  }
  // Makes the tables above the leaf's own.
  void make_upper_tables(Vpn vpn) { make_tables_to(vpn, 1); }
  // Writes the leaf entry, making the tables above it. Clearing (a none Pte) never makes tables.
  void set(Vpn vpn, Pte pte) {
    const LeafTable* leaf = find_leaf(vpn);
    if (leaf == nullptr) [[unlikely]] {
      if (pte.none()) return;
      leaf = make_leaf(vpn);
    }
    write(leaf->number, leaf->entries[vpn.value & leaf_mask_], pte);
  }
  // The entry that a walk to `vpn` reads at `level`; none where that table does not exist. For
  // reports and checks. REQUIRES: the format has that level.
  Pte entry(Vpn vpn, int level) const;

  // Calls `visit(Vpn, Pte)` for each leaf entry of [first, first + count) that is not none,
  // ascending, skipping what is missing. `visit` returns the entry's new value, which is written
  // back; it may read the table and not change it.
  template <class Visit>
  void update_range(Vpn first, uint64_t count, Visit visit) {
    LeafPart part;
    for (Vpn at = first; next_part(at, end_of(first, count), part); at = part.end) {
      for (Vpn vpn = part.first; vpn < part.end; vpn = vpn + 1) {
        uint64_t& raw = part.entries[vpn.value & leaf_mask_];
        if (raw != 0) write(part.number, raw, visit(vpn, Pte{raw}));
      }
    }
  }
  // The same, reading alone: `visit` returns nothing.
  template <class Visit>
  void for_each(Vpn first, uint64_t count, Visit visit) const {
    LeafPart part;
    for (Vpn at = first; next_part(at, end_of(first, count), part); at = part.end) {
      for (Vpn vpn = part.first; vpn < part.end; vpn = vpn + 1) {
        const Pte pte{part.entries[vpn.value & leaf_mask_]};
        if (!pte.none()) visit(vpn, pte);
      }
    }
  }

  // Makes the tables for the pages of [to, to + count) whose counterparts in [from, from + count)
  // have a leaf table, even one without entries; where the counterparts have tables above those
  // alone, the ones above these. Source: Linux mm/mremap.c move_page_tables().
  void mirror_tables(Vpn from, uint64_t count, Vpn to);

  // What free_empty_tables may free: tables that reach beyond [floor, ceiling) stay, even when they
  // are empty, and so do those above `top_level`. Linux passes the ends of the neighbouring VMAs.
  struct FreeLimits {
    Vpn floor{0};
    Vpn ceiling{~uint64_t{0}};
    int top_level = kLevelsMax;
  };
  // Frees the tables that reach into [first, first + count) and have no entry left, within the
  // limits. The root stays. O(tables in reach * entries of a table).
  // Source: Linux mm/memory.c free_pgd_range().
  void free_empty_tables(Vpn first, uint64_t count, FreeLimits limits);
  void free_empty_tables(Vpn first, uint64_t count) { free_empty_tables(first, count, {}); }

  // Makes each table that `other` has for pages of [first, first + count) and that is missing here:
  // fork() makes them even where they hold no entry to copy. REQUIRES: the same format.
  // Source: Linux mm/memory.c copy_p4d_range(), copy_pud_range(), copy_pmd_range().
  void make_tables_of(const PageTable& other, Vpn first, uint64_t count);

  // The hardware's page walk: reads one entry a level, down to the first that is not present. If
  // the access is permitted (the leaf is present and a user's, and grants the store or the fetch),
  // sets accessed on every level that has the bit and, for a store, dirty on the leaf.
  // Source: Intel SDM vol. 3A, 4.6.1 and 4.8; RISC-V privileged architecture, 10.3.2; Arm ARM D8.5
  // (hardware management of the Access flag and the dirty state).
  WalkResult walk(Vpn vpn, AccessKind kind) {
    LeafTable* leaf = find_leaf(vpn);
    if (leaf == nullptr) [[unlikely]]
      return walk_to_missing_table(vpn);
    uint64_t& raw = leaf->entries[vpn.value & leaf_mask_];
    const AccessBits& bits = access_bits_[static_cast<std::size_t>(kind)];
    const bool permitted = (raw & bits.tested) == bits.wanted;
    if (permitted) {
      if (!leaf->upper_accessed) [[unlikely]]
        set_upper_accessed(vpn, *leaf);
      // Read first: most entries have the bits already, and their cache line stays clean.
      if ((raw & bits.changed) != bits.set) raw = (raw & ~bits.changed) | bits.set;
    }
    return {.leaf = {raw}, .permitted = permitted, .entries_read = format_.levels, .level = 0};
  }

  // As walk() of a page whose entry is none, which is not read.
  WalkResult walk_to_none(Vpn vpn) const {
    if (find_leaf(vpn) == nullptr) [[unlikely]]
      return walk_to_missing_table(vpn);
    return {.leaf = {}, .permitted = false, .entries_read = format_.levels, .level = 0};
  }

  // The pages that the tables take, the root's included.
  uint64_t table_pages() const { return table_pages_; }
  // How often tables have been freed: what pointed to them is no longer to be believed.
  uint64_t free_count() const { return free_count_; }

  // Stops the program when an invariant does not hold. O(table pages * entries of a table).
  void validate() const;

 private:
  friend struct PageTableTestPeer;

  struct Table {
    uint64_t* entries = nullptr;
    uint32_t entry_count = 0;  // that are not none
  };
  // A leaf table that was used lately.
  struct LeafTable {
    uint64_t tag = ~uint64_t{0};  // the Vpn's bits above those that index the table
    uint64_t* entries = nullptr;
    uint32_t number = 0;
    bool upper_accessed = false;  // whether accessed is set on every level above, where it can be
  };
  // The part of a leaf table that lies in a range.
  struct LeafPart {
    Vpn first;
    Vpn end;
    uint64_t* entries = nullptr;
    uint32_t number = 0;
  };
  // What an access tests a leaf entry for and changes in it.
  struct AccessBits {
    uint64_t tested = 0;
    uint64_t wanted = 0;  // of those tested
    uint64_t changed = 0;
    uint64_t set = 0;  // of those changed
  };
  struct FreeScope {
    uint64_t first;
    uint64_t end;
    FreeLimits limits;
  };
  // Two tables of one place in their trees, the first entry being that of page `base`.
  struct TablePair {
    uint32_t ours = 0;
    uint32_t theirs = 0;
    int level = 0;
    uint64_t base = 0;
  };
  struct Recount {
    std::vector<bool> seen;  // of each table
    uint64_t tables = 0;
    uint64_t pages = 0;  // that they take
  };

  static constexpr std::size_t kRememberedLeaves = 256;

  // The leaf table of the page, remembered; null when it does not exist.
  LeafTable* find_leaf(Vpn vpn) const {
    const uint64_t tag = vpn.value >> format_.index_bits[0];
    LeafTable& leaf = remembered_[tag % kRememberedLeaves];
    if (leaf.tag == tag) [[likely]]
      return &leaf;
    return descend(vpn, leaf) ? &leaf : nullptr;
  }
  void write(uint32_t number, uint64_t& raw, Pte pte) {
    if (raw == 0 || pte.raw == 0) {
      if (raw == 0 && pte.raw != 0) ++tables_[number].entry_count;
      if (raw != 0 && pte.raw == 0) --tables_[number].entry_count;
    }
    raw = pte.raw;
  }

  std::size_t index(uint64_t vpn, int level) const {
    return (vpn >> shifts_[level]) & ((std::size_t{1} << format_.index_bits[level]) - 1);
  }
  uint32_t table_number(uint64_t raw) const { return Pte{raw}.pfn(format_.pte).value; }
  Vpn end_of(Vpn first, uint64_t count) const;

  bool descend(Vpn vpn, LeafTable& leaf) const;
  LeafTable* make_leaf(Vpn vpn);
  void make_tables_to(Vpn vpn, int bottom);
  void mirror_upper_tables(Vpn from, uint64_t count, Vpn to);
  uint32_t make_table(int level);
  void free_table(uint32_t number, int level);
  void free_below(uint32_t number, int level, uint64_t base, const FreeScope& scope);
  void make_below(const PageTable& other, const TablePair& pair, const FreeScope& scope);
  enum class EmptyTables : bool { kSkip, kVisit };
  bool next_part(Vpn at, Vpn end, LeafPart& part, EmptyTables empty = EmptyTables::kSkip) const;
  WalkResult walk_to_missing_table(Vpn vpn) const;
  void set_upper_accessed(Vpn vpn, LeafTable& leaf);
  void recount_below(uint32_t number, int level, Recount& recount) const;

  const PagingFormat& format_;
  uint64_t leaf_mask_;
  uint8_t shifts_[kLevelsMax + 1] = {};    // of each level's index within a Vpn, and of all
  std::array<AccessBits, 4> access_bits_;  // by AccessKind
  std::size_t entries_per_table_ = 0;
  std::size_t tables_per_chunk_ = 0;
  uint64_t table_pages_ = 0;
  uint64_t free_count_ = 0;
  std::vector<Table> tables_;  // by number; 0 is the root
  std::vector<uint32_t> free_tables_;
  std::vector<std::unique_ptr<uint64_t[]>> chunks_;  // of tables
  mutable std::array<LeafTable, kRememberedLeaves> remembered_{};
};

}  // namespace faultline::hw
