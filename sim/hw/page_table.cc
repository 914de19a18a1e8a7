#include "sim/hw/page_table.h"

#include <algorithm>

namespace faultline::hw {
namespace {

constexpr uint32_t kRoot = 0;
// Tables are made by chunks of so many entries, or of one table.
constexpr std::size_t kEntriesPerChunk = 16 * 512;

uint64_t upper_entry(const PteLayout& l, uint32_t number) {
  return l.table | uint64_t{number} << l.pfn_shift;
}

}  // namespace

PageTable::PageTable(const PagingFormat& format)
    : format_(format), leaf_mask_((uint64_t{1} << format.index_bits[0]) - 1) {
  FL_CHECK(format.levels >= 1 && format.levels <= kLevelsMax);
  for (int level = 0; level < format.levels; ++level) {
    const uint8_t bits = format.index_bits[level];
    shifts_[level + 1] = static_cast<uint8_t>(shifts_[level] + bits);
    entries_per_table_ = std::max(entries_per_table_, std::size_t{1} << bits);
  }
  tables_per_chunk_ = std::max<std::size_t>(kEntriesPerChunk / entries_per_table_, 1);
  const PteLayout& l = format.pte;
  const uint64_t base = l.present | l.user;
  const AccessBits fetch{.tested = base | l.execute | l.no_execute,
                         .wanted = base | l.execute,
                         .changed = l.accessed,
                         .set = l.accessed};
  const AccessBits load{.tested = base, .wanted = base, .changed = l.accessed, .set = l.accessed};
  const AccessBits store{.tested = base | l.write,
                         .wanted = base | l.write,
                         .changed = l.accessed | (l.read_only != 0 ? l.read_only : l.dirty),
                         .set = l.accessed | (l.read_only != 0 ? 0 : l.dirty)};
  access_bits_ = {fetch, load, store, store};  // by AccessKind
  FL_CHECK(make_table(format.levels - 1) == kRoot);
}

Vpn PageTable::end_of(Vpn first, uint64_t count) const {
  const uint64_t limit = uint64_t{1} << shifts_[format_.levels];
  FL_CHECK(first.value <= limit);
  return first + std::min(count, limit - first.value);
}

Pte PageTable::entry(Vpn vpn, int level) const {
  uint32_t number = kRoot;
  for (int at = format_.levels - 1; at > level; --at) {
    const uint64_t raw = tables_[number].entries[index(vpn.value, at)];
    if (raw == 0) return {};
    number = table_number(raw);
  }
  return {tables_[number].entries[index(vpn.value, level)]};
}

// Puts the leaf table of the page into `leaf`; false and nothing changed when it does not exist.
bool PageTable::descend(Vpn vpn, LeafTable& leaf) const {
  FL_CHECK(vpn.value >> shifts_[format_.levels] == 0);
  uint32_t number = kRoot;
  uint64_t all = format_.pte.table_accessed;
  for (int level = format_.levels - 1; level > 0; --level) {
    const uint64_t raw = tables_[number].entries[index(vpn.value, level)];
    if (raw == 0) return false;
    all &= raw;
    number = table_number(raw);
  }
  leaf = {.tag = vpn.value >> format_.index_bits[0],
          .entries = tables_[number].entries,
          .number = number,
          .upper_accessed = all != 0 || format_.pte.table_accessed == 0};
  return true;
}

PageTable::LeafTable* PageTable::make_leaf(Vpn vpn) {
  make_tables_to(vpn, 0);
  return find_leaf(vpn);
}

// Makes the tables of the page from the root's down to that of level `bottom`.
void PageTable::make_tables_to(Vpn vpn, int bottom) {
  uint32_t number = kRoot;
  for (int level = format_.levels - 1; level > bottom; --level) {
    const std::size_t i = index(vpn.value, level);
    if (tables_[number].entries[i] == 0) {
      const uint32_t child = make_table(level - 1);
      tables_[number].entries[i] = upper_entry(format_.pte, child);
      ++tables_[number].entry_count;
    }
    number = table_number(tables_[number].entries[i]);
  }
}

// The number of an empty table.
uint32_t PageTable::make_table(int level) {
  table_pages_ += format_.table_pages(level);
  if (!free_tables_.empty()) {
    const uint32_t number = free_tables_.back();
    free_tables_.pop_back();
    return number;
  }
  const std::size_t number = tables_.size();
  FL_CHECK(number <= format_.pte.pfn_mask >> format_.pte.pfn_shift);
  if (number % tables_per_chunk_ == 0)
    chunks_.push_back(std::make_unique<uint64_t[]>(tables_per_chunk_ * entries_per_table_));
  tables_.push_back(
      {.entries = chunks_.back().get() + number % tables_per_chunk_ * entries_per_table_,
       .entry_count = 0});
  return static_cast<uint32_t>(number);
}

// All of an empty table's entries are none already: it can be used again as it is.
void PageTable::free_table(uint32_t number, int level) {
  FL_CHECK(tables_[number].entry_count == 0);
  free_tables_.push_back(number);
  table_pages_ -= format_.table_pages(level);
}

void PageTable::free_empty_tables(Vpn first, uint64_t count, FreeLimits limits) {
  const uint64_t before = table_pages_;
  const Vpn end = end_of(first, count);
  if (format_.levels > 1 && first < end)
    free_below(kRoot, format_.levels - 1, 0, {first.value, end.value, limits});
  if (table_pages_ == before) return;
  remembered_.fill({});
  ++free_count_;
}

// Frees what is empty below the table, whose first entry is that of page `base`.
void PageTable::free_below(uint32_t number, int level, uint64_t base, const FreeScope& scope) {
  const uint64_t reach = uint64_t{1} << shifts_[level];  // of an entry
  const uint64_t end = base + (reach << format_.index_bits[level]);
  const std::size_t last = index(std::min(scope.end, end) - 1, level);
  for (std::size_t i = index(std::max(scope.first, base), level); i <= last; ++i) {
    const uint64_t raw = tables_[number].entries[i];
    if (raw == 0) continue;
    const uint32_t child = table_number(raw);
    const uint64_t child_base = base + i * reach;
    if (level > 1) free_below(child, level - 1, child_base, scope);
    if (tables_[child].entry_count != 0 || level - 1 > scope.limits.top_level ||
        child_base < scope.limits.floor.value || child_base + reach > scope.limits.ceiling.value)
      continue;
    free_table(child, level - 1);
    tables_[number].entries[i] = 0;
    --tables_[number].entry_count;
  }
}

void PageTable::make_tables_of(const PageTable& other, Vpn first, uint64_t count) {
  FL_CHECK(&format_ == &other.format_);
  const Vpn end = end_of(first, count);
  if (format_.levels > 1 && first < end)
    make_below(other, {kRoot, kRoot, format_.levels - 1, 0}, {first.value, end.value, {}});
}

void PageTable::make_below(const PageTable& other, const TablePair& pair, const FreeScope& scope) {
  const uint64_t reach = uint64_t{1} << shifts_[pair.level];  // of an entry
  const uint64_t end = pair.base + (reach << format_.index_bits[pair.level]);
  const std::size_t last = index(std::min(scope.end, end) - 1, pair.level);
  for (std::size_t i = index(std::max(scope.first, pair.base), pair.level); i <= last; ++i) {
    const uint64_t raw = other.tables_[pair.theirs].entries[i];
    if (raw == 0) continue;
    uint64_t& own = tables_[pair.ours].entries[i];
    if (own == 0) {
      own = upper_entry(format_.pte, make_table(pair.level - 1));
      ++tables_[pair.ours].entry_count;
    }
    if (pair.level > 1) {
      make_below(other,
                 {table_number(own), table_number(raw), pair.level - 1, pair.base + i * reach},
                 scope);
    }
  }
}

void PageTable::mirror_tables(Vpn from, uint64_t count, Vpn to) {
  mirror_upper_tables(from, count, to);
  LeafPart part;
  for (Vpn at = from; next_part(at, end_of(from, count), part, EmptyTables::kVisit);
       at = part.end) {
    // It may meet two tables there.
    make_leaf(to + (part.first - from));
    make_leaf(to + (part.end - 1 - from));
  }
}

// Where the source has a table of the level above the leaves, the target gets the one that points
// to such, and, where both places lie alike and are taken up whole, that table itself.
// Source: Linux mm/mremap.c alloc_new_pud(), move_normal_pud().
void PageTable::mirror_upper_tables(Vpn from, uint64_t count, Vpn to) {
  constexpr int kLevel = 2;
  if (format_.levels <= kLevel) return;
  const uint64_t reach = uint64_t{1} << shifts_[kLevel];  // of an entry
  const Vpn end = end_of(from, count);
  for (Vpn at = from; at < end;) {
    const Vpn target = to + (at - from);
    const Vpn next = at + (reach - std::max(at.value % reach, target.value % reach));
    const bool whole = next - at == reach && next <= end;
    if (!entry(at, kLevel).none()) make_tables_to(target, whole ? kLevel - 1 : kLevel);
    at = next;
  }
}

// The next part at or after `at` of a leaf table, of one that has entries unless empty ones are
// asked for too; false when there is none below `end`.
bool PageTable::next_part(Vpn at, Vpn end, LeafPart& part, EmptyTables empty) const {
  uint64_t vpn = at.value;
  while (vpn < end.value) {
    uint32_t number = kRoot;
    int level = format_.levels - 1;
    for (; level > 0; --level) {
      const uint64_t raw = tables_[number].entries[index(vpn, level)];
      if (raw == 0) break;
      number = table_number(raw);
    }
    // What the missing entry, or the leaf table, reaches.
    const int shift = shifts_[std::max(level, 1)];
    const uint64_t next = ((vpn >> shift) + 1) << shift;
    if (level == 0 && (tables_[number].entry_count != 0 || empty == EmptyTables::kVisit)) {
      part = {{vpn}, {std::min(next, end.value)}, tables_[number].entries, number};
      return true;
    }
    vpn = next;
  }
  return false;
}

WalkResult PageTable::walk_to_missing_table(Vpn vpn) const {
  uint32_t number = kRoot;
  int level = format_.levels - 1;
  while (true) {
    const uint64_t raw = tables_[number].entries[index(vpn.value, level)];
    if (raw == 0) break;
    number = table_number(raw);
    --level;
  }
  return {.leaf = {},
          .permitted = false,
          .entries_read = static_cast<uint8_t>(format_.levels - level),
          .level = static_cast<uint8_t>(level)};
}

void PageTable::set_upper_accessed(Vpn vpn, LeafTable& leaf) {
  uint32_t number = kRoot;
  for (int level = format_.levels - 1; level > 0; --level) {
    uint64_t& raw = tables_[number].entries[index(vpn.value, level)];
    raw |= format_.pte.table_accessed;
    number = table_number(raw);
  }
  leaf.upper_accessed = true;
}

void PageTable::recount_below(uint32_t number, int level, Recount& recount) const {
  FL_CHECK_MSG(number < tables_.size() && !recount.seen[number], "table {} level {}", number,
               level);  // 3
  recount.seen[number] = true;
  ++recount.tables;
  recount.pages += format_.table_pages(level);
  uint32_t entry_count = 0;
  for (std::size_t i = 0; i < entries_per_table_; ++i) {
    const uint64_t raw = tables_[number].entries[i];
    if (raw == 0) continue;
    ++entry_count;
    if (level == 0) continue;
    FL_CHECK_MSG(Pte{raw}.present(format_.pte), "table {} level {} entry {}", number, level,
                 i);  // 3
    recount_below(table_number(raw), level - 1, recount);
  }
  FL_CHECK_MSG(entry_count == tables_[number].entry_count, "table {} level {}", number,
               level);  // 1
}

void PageTable::validate() const {
  Recount recount{.seen = std::vector<bool>(tables_.size())};
  recount_below(kRoot, format_.levels - 1, recount);
  FL_CHECK(table_pages_ == recount.pages);                           // 2
  FL_CHECK(recount.tables + free_tables_.size() == tables_.size());  // 2
  for (const LeafTable& leaf : remembered_) {
    if (leaf.tag == ~uint64_t{0}) continue;
    LeafTable found;
    const Vpn vpn{leaf.tag << format_.index_bits[0]};
    FL_CHECK_MSG(
        descend(vpn, found) && found.number == leaf.number && found.entries == leaf.entries,
        "the leaf table of page {:#x}", vpn.value);  // 4
    FL_CHECK_MSG(found.upper_accessed || !leaf.upper_accessed, "the tables above page {:#x}",
                 vpn.value);  // 4
  }
}

}  // namespace faultline::hw
