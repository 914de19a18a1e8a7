// Tlb: the translation look-aside buffer: two first levels, for data and for instructions, before
// one second level.
//
// A page found in the second level, or by a walk, is filled into the first too; what a first level
// drops stays in the second, and the other way round. A use is noted in the level that served it
// and in those it was filled into. An entry grants what its PTE granted when it was walked; the
// dirty right comes with the first store's walk, as on real hardware.
// Source: Intel SDM vol. 3A, 4.8 and 4.10.2.
//
// Invariants, checked by validate() besides those of each level:
//   1. entries of one page in several levels are equal
// Owns: its levels and counts. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "faultline/access.h"
#include "faultline/options.h"
#include "faultline/stats.h"
#include "sim/hw/tlb_gather.h"
#include "sim/hw/tlb_level.h"

namespace faultline::hw {

// Whether this try counts as a TLB lookup: the retry after a fault does not.
enum class CountLookup : bool { kNo, kYes };

class Tlb {
 public:
  // REQUIRES: enabled, each level as TlbLevel wants it.
  explicit Tlb(const TlbOptions& options);
  Tlb(const Tlb&) = delete;
  Tlb& operator=(const Tlb&) = delete;

  // The fast path: the entry of the set that was used last, when it is the page's and grants the
  // access; null says nothing. Counts nothing.
  const TlbEntry* front(uint64_t tag, AccessKind kind) const {
    const Port& port = ports_[static_cast<std::size_t>(kind)];
    const TlbEntry& entry = port.level.front(tag);
    const uint64_t lacking = port.needed_rights & ~entry.rights;
    return ((entry.tag ^ tag) | lacking) == 0 ? &entry : nullptr;
  }
  // The entry of the page, whatever it grants, from the first level alone, or null. Counts nothing.
  // O(ways).
  TlbEntry* lookup_first(uint64_t tag, AccessKind kind) {
    return first_[side_of(kind)].lookup(tag);
  }
  // The entry of the page, whatever it grants, from either level, filled into the first; null: a
  // walk is needed. Counts what misses the first level. With the TLB disabled always null. O(ways).
  TlbEntry* lookup(uint64_t tag, AccessKind kind, CountLookup count) {
    if (TlbEntry* const entry = lookup_first(tag, kind)) return entry;
    return lookup_second(tag, kind, count);
  }
  // After a walk: renews the entries of the page that are there and, where the access's first level
  // has none, fills that and the second. Nothing with the TLB disabled. O(ways).
  void fill(const TlbEntry& entry, AccessKind kind);
  // The same, where a lookup for this access has just missed: does not look there again. REQUIRES:
  // neither the access's first level nor the second holds the page.
  void fill_missed(const TlbEntry& entry, AccessKind kind);

  // Forgets the page in every level. O(ways).
  void flush_page(uint64_t tag);
  // The same, where a lookup for this access has just missed. REQUIRES: as fill_missed().
  void flush_missed(uint64_t tag, AccessKind kind) { first_[1 - side_of(kind)].flush_page(tag); }
  // Forgets what was gathered and empties the gather.
  void apply(TlbGather& gather);

  // Says that `count` lookups for accesses of this kind were made: one a reference. They are
  // counted by the caller, in a register, since a count in memory would double the cost of a hit.
  void add_lookups(AccessKind kind, uint64_t count) { lookups_[side_of(kind)] += count; }

  bool enabled() const { return enabled_; }
  // A lookup that did not miss the first level hit it. All zero with the TLB disabled. REQUIRES:
  // the lookups were added.
  TlbStats stats() const;

  // Calls `visit(const TlbEntry&)` for each entry: a page may come once a level.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const TlbLevel& level : first_) level.for_each(visit);
    second_.for_each(visit);
  }
  // Stops the program when an invariant does not hold.
  void validate() const;

 private:
  friend class Mmu;
  friend struct TlbTestPeer;

  static constexpr std::size_t kData = 0;
  static constexpr std::size_t kCode = 1;
  // What the slow path counts; hits of the first levels follow from the lookups.
  struct Counts {
    std::array<uint64_t, 2> first_misses{};
    TlbLevelStats second;
  };

  // What the fast path needs for a kind of access, in 32 bytes: no branch on the kind, which no
  // processor could predict.
  struct Port {
    TlbLevel::Fronts level;
    uint64_t needed_rights = 0;
  };

  static constexpr std::size_t side_of(AccessKind kind) {
    return kind == AccessKind::kFetch ? kCode : kData;
  }

  TlbEntry* lookup_second(uint64_t tag, AccessKind kind, CountLookup count);

  bool enabled_;
  std::array<TlbLevel, 2> first_;
  TlbLevel second_;
  std::array<Port, 4> ports_;  // by AccessKind
  std::array<uint64_t, 2> lookups_{};
  Counts counts_;
};

}  // namespace faultline::hw
