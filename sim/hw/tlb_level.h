// TlbLevel: one level of a TLB, a set-associative table of translations.
//
// Each set keeps its entries in the order of use, the most recent first, so that a hit on the first
// is one comparison and the last is the victim: true LRU.
//
// Units: tags are made by tlb_tag: the address space above bit 48, the page's number below.
// Invariants, checked by validate():
//   1. no page has two entries
//   2. each entry is in the set of its page number
//   3. within a set, empty entries come last
// Owns: its entries. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "faultline/access.h"
#include "faultline/options.h"
#include "faultline/types.h"

namespace faultline::hw {

// What a TLB entry grants.
enum TlbRight : uint32_t {
  kTlbRead = 1,
  kTlbWrite = 2,
  kTlbExecute = 4,
  kTlbDirty = 8,  // the PTE's dirty bit is set already: a store need not walk
};

inline constexpr uint64_t kTlbEmptyTag = ~uint64_t{0};

struct TlbEntry {
  uint64_t tag = kTlbEmptyTag;  // of the page and the address space
  Pfn pfn = kNoPfn;
  uint32_t rights = 0;  // TlbRight
  friend bool operator==(const TlbEntry&, const TlbEntry&) = default;
};

// The rights that an access needs.
constexpr uint32_t needed_rights(AccessKind kind) {
  return kind == AccessKind::kFetch ? kTlbExecute
         : is_store(kind)           ? kTlbWrite | kTlbDirty
                                    : kTlbRead;
}

constexpr uint64_t tlb_tag(Asid asid, Vpn vpn) { return uint64_t{asid.value} << 48 | vpn.value; }

constexpr Asid tlb_tag_asid(uint64_t tag) { return {static_cast<uint16_t>(tag >> 48)}; }
constexpr Vpn tlb_tag_vpn(uint64_t tag) { return {tag & ((uint64_t{1} << 48) - 1)}; }

class TlbLevel {
 public:
  // REQUIRES: 1 <= ways <= entries; ways divides entries; entries / ways is a power of two.
  explicit TlbLevel(TlbLevelOptions options);

  // Where the first entries of the sets are; valid as long as the level is, and in one place.
  struct Fronts {
    const TlbEntry* entries = nullptr;
    uint64_t set_mask = 0;
    uint64_t ways = 0;
    // The entry of the tag's set that was used last, of whatever page; empty when the set is.
    const TlbEntry& front(uint64_t tag) const { return entries[(tag & set_mask) * ways]; }
  };
  Fronts fronts() const { return {entries_.data(), set_mask_, ways_}; }

  // The entry of the page, moved to the front of its set, or null. O(ways).
  TlbEntry* lookup(uint64_t tag) {
    TlbEntry* const set = set_of(tag);
    if (set->tag == tag) return set;
    return lookup_further(set, tag);
  }
  // The entry of the page where it is, or null: this is no use of it. O(ways).
  TlbEntry* find(uint64_t tag);
  // Puts the entry at the front of its set; the last of the set is dropped. O(ways). REQUIRES: the
  // page has no entry here.
  TlbEntry* insert(const TlbEntry& entry);

  // Forgets the page. O(ways).
  void flush_page(uint64_t tag);
  // Forgets `count` pages. O(the smaller of the pages and the entries).
  void flush_pages(Asid asid, Vpn first, uint64_t count);
  void flush_space(Asid asid);
  void flush_all();

  // Calls `visit(const TlbEntry&)` for each entry that is not empty, set by set, the most recent
  // first.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const TlbEntry& entry : entries_)
      if (entry.tag != kTlbEmptyTag) visit(entry);
  }
  // Stops the program when an invariant does not hold.
  void validate() const;

 private:
  friend struct TlbLevelTestPeer;

  TlbEntry* set_of(uint64_t tag) { return entries_.data() + (tag & set_mask_) * ways_; }
  TlbEntry* lookup_further(TlbEntry* set, uint64_t tag);
  template <class Predicate>
  void flush_if(Predicate predicate);

  uint64_t set_mask_;
  uint64_t ways_;
  std::vector<TlbEntry> entries_;
};

}  // namespace faultline::hw
