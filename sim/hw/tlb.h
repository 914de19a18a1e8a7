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

  // The fast path: the entry of the set that was used last, when it is the page's and grants the
  // access, counted as a hit; null says nothing, and nothing was counted.
  const TlbEntry* lookup_front(uint64_t tag, AccessKind kind, CountLookup count) {
    const std::size_t side = side_of(kind);
    const TlbEntry& entry = first_[side].front(tag);
    const uint64_t lacking = needed_rights(kind) & ~entry.rights;
    if (((entry.tag ^ tag) | lacking) != 0) [[unlikely]]
      return nullptr;
    stats_[side].hits += static_cast<uint64_t>(count);
    return &entry;
  }
  // The entry of the page, whatever it grants, from either level, filled into the first; null: a
  // walk is needed. Counts one lookup in each level that it asks. With the TLB disabled always null
  // and nothing is counted. O(ways).
  TlbEntry* lookup(uint64_t tag, AccessKind kind, CountLookup count);
  // After a walk: renews the entries of the page that are there, and fills the access's first level
  // and the second where there is none. Nothing with the TLB disabled. O(ways).
  void fill(const TlbEntry& entry, AccessKind kind);

  // Forgets the page in every level. O(ways).
  void flush_page(uint64_t tag);
  // Forgets what was gathered and empties the gather.
  void apply(TlbGather& gather);

  bool enabled() const { return enabled_; }
  TlbStats stats() const { return {stats_[kData], stats_[kCode], stats_[kSecond]}; }

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
  static constexpr std::size_t kSecond = 2;
  using LevelStats = std::array<TlbLevelStats, 3>;

  static constexpr std::size_t side_of(AccessKind kind) {
    return kind == AccessKind::kFetch ? kCode : kData;
  }

  bool enabled_;
  std::array<TlbLevel, 2> first_;
  TlbLevel second_;
  LevelStats stats_{};
};

}  // namespace faultline::hw
