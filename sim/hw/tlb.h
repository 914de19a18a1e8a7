// Tlb: the translation look-aside buffer: two first levels, for data and instructions, before one
// second level.
//
// Each set keeps its entries in the order of use, the most recent first, so that a hit on the first
// is one comparison and the last is the victim: true LRU. A page found in the second level, or by a
// walk, is filled into the first too; what a first level drops stays in the second. An entry grants
// what its PTE granted when it was walked; the dirty right comes with the first store's walk, as on
// real hardware (Intel SDM vol. 3A, 4.8 and 4.10.2).
//
// Invariants, checked by validate():
//   1. no page has two entries in one level
//   2. each entry is in the set of its page number
//   3. within a set, empty entries come last
// Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "faultline/access.h"
#include "faultline/options.h"
#include "faultline/stats.h"
#include "faultline/types.h"
#include "sim/hw/tlb_gather.h"

namespace faultline::hw {

// What a TLB entry grants.
enum TlbRight : uint32_t {
  kTlbRead = 1,
  kTlbWrite = 2,
  kTlbExecute = 4,
  kTlbDirty = 8,  // the PTE's dirty bit is set already: a store need not walk
};

struct TlbEntry {
  uint64_t tag = ~uint64_t{0};  // of the page and the address space; all ones: empty
  Pfn pfn = kNoPfn;
  uint32_t rights = 0;  // TlbRight
};

// The rights that an access needs.
constexpr uint32_t needed_rights(AccessKind kind) {
  return kind == AccessKind::kFetch ? kTlbExecute
         : is_store(kind)           ? kTlbWrite | kTlbDirty
                                    : kTlbRead;
}

constexpr uint64_t tlb_tag(Asid asid, Vpn vpn) { return uint64_t{asid.value} << 48 | vpn.value; }

// One level.
class TlbLevel {
 public:
  explicit TlbLevel(TlbLevelOptions options);

  // The entry of the page, moved to the front of its set, or null. Inline: this is the simulator's
  // hottest path.
  TlbEntry* lookup(uint64_t tag) {
    TlbEntry* set = set_of(tag);
    if (set->tag == tag) [[likely]]
      return set;
    return lookup_further(set, tag);
  }
  // Puts the entry at the front of its set; the last of the set is dropped. REQUIRES: the page has
  // no entry here.
  TlbEntry* insert(const TlbEntry& entry);
  void flush_page(uint64_t tag);
  void flush_pages(Asid asid, Vpn first, uint64_t count);
  void flush_space(Asid asid);
  void flush_all();

  template <class Visit>
  void for_each(Visit visit) const {
    for (const TlbEntry& e : entries_)
      if (e.tag != ~uint64_t{0}) visit(e);
  }
  void validate() const;

 private:
  TlbEntry* set_of(uint64_t tag) { return &entries_[(tag & set_mask_) * ways_]; }
  TlbEntry* lookup_further(TlbEntry* set, uint64_t tag);

  uint64_t set_mask_;
  uint32_t ways_;
  std::vector<TlbEntry> entries_;
};

class Tlb {
 public:
  explicit Tlb(const TlbOptions& options);

  // The entry that serves the access, from either level, filled into the first; null: a walk is
  // needed. Counts one lookup. With the TLB disabled always null and nothing is counted.
  TlbEntry* lookup(uint64_t tag, AccessKind kind);
  // After a walk: fills both levels, or renews the rights of the entries that are there. Returns
  // the first level's.
  TlbEntry* fill(const TlbEntry& entry, AccessKind kind);
  // Forgets what was gathered and empties the gather.
  void apply(TlbGather& gather);

  bool enabled() const { return enabled_; }
  const TlbStats& stats() const { return stats_; }
  template <class Visit>
  void for_each(Visit visit) const {
    l1d_.for_each(visit);
    l1i_.for_each(visit);
    l2_.for_each(visit);
  }
  void validate() const;

 private:
  friend class Mmu;
  bool enabled_;
  TlbLevel l1d_;
  TlbLevel l1i_;
  TlbLevel l2_;
  TlbStats stats_;
};

}  // namespace faultline::hw
