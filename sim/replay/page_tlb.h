// PageTlb: the TLB of RunMachine. It does what hw::Tlb does, hit for hit and victim for victim, and
// knows its pages by their numbers instead of their addresses. Whether a first level holds a page,
// and where, stands in the page's own state, so that nothing is searched for a hit there.
//
// The first levels keep no order: each way has the stamp of its last use, and a victim is the way
// of its set with the oldest. The stamps of all ways lie together, so that a hit writes nowhere
// else. The second level, which few uses reach, keeps its sets in the order of use, and is
// searched (page_rows.h). Entries have no rights of their own: an inferred mapping grants
// everything, and the dirty right of an entry is the dirty bit of its page (whatever cleans a page
// flushes it).
//
// Where most references miss the first level all that costs more than a search. Then the first
// levels can be kept as the second is: as rows. Pages have neither kInData nor kInCode then, and
// their last_use is all there is to know.
//
// Units: pages by number; stamps in references, from 1.
// Invariants, checked by validate():
//   1. a page has kInData or kInCode exactly where that level holds it, once, in its set; its slot
//      there is that way
//   2. a way of a first level has a stamp exactly when it holds a page
//   3. the second level holds a page once, in its set; empty ways come last; and so does each of
//      the first levels kept as rows, while 1 and 2 hold for none
// Owns: its levels and counts; the pages are the caller's. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "faultline/access.h"
#include "faultline/options.h"
#include "faultline/stats.h"
#include "faultline/types.h"
#include "sim/base/flat_array.h"
#include "sim/base/four_lanes.h"
#include "sim/replay/page_rows.h"

namespace faultline::replay {

enum PageFlag : uint32_t {
  kInData = 1,  // of the first level for loads and stores
  kInCode = 2,  // of the first level for fetches
  kResident = 4,
  kAccessed = 8,  // the PTE's accessed bit
  kDirty = 16,    // the PTE's dirty bit
  kKnown = 32,    // it was in memory once
};

// A first level.
enum class TlbSide : uint8_t { kData, kCode };

constexpr TlbSide side_of(AccessKind kind) {
  return kind == AccessKind::kFetch ? TlbSide::kCode : TlbSide::kData;
}

// What there is to know of a page.
struct PageState {
  uint64_t last_use = 0;  // the position of its last reference, but for those that slots know
  uint64_t tag = 0;       // hw::tlb_tag of its address space and page number
  Pfn frame = kNoPfn;     // while it is kResident
  uint32_t flags = 0;     // PageFlag
  uint32_t slot[2]{};     // by TlbSide: its way, while that level holds it
};
static_assert(sizeof(PageState) == 32);

using PageStates = base::FlatArray<PageState>;

class PageTlb {
 public:
  // How a level finds the set of a page.
  struct Sets {
    uint32_t mask = 0;  // of the page's number
    uint32_t ways = 0;
    friend bool operator==(const Sets&, const Sets&) = default;
  };

  // REQUIRES: as hw::Tlb, but that it may be disabled. `pages` must outlive it.
  PageTlb(const TlbOptions& options, PageStates& pages);
  PageTlb(const PageTlb&) = delete;
  PageTlb& operator=(const PageTlb&) = delete;

  bool enabled() const { return enabled_; }
  Sets first_sets(TlbSide side) const {
    const Level& level = first_[size_t(side)];
    return {.mask = static_cast<uint32_t>(level.set_mask),
            .ways = static_cast<uint32_t>(level.ways)};
  }
  // The flags of a page whose access needs neither a second level nor a walk. With the TLB disabled
  // each reference walks, which changes nothing where these are set.
  uint32_t served(AccessKind kind) const {
    const uint32_t held = !enabled_                    ? kResident | kAccessed
                          : kind == AccessKind::kFetch ? kInCode
                                                       : kInData;
    return is_store(kind) ? held | kDirty : held;
  }

  // Looks a resident page up in both levels, and fills it into those that lack it; false: that
  // takes a walk. Counts what misses the first level. REQUIRES: !keeps_rows(). O(ways).
  bool look_up(uint32_t page, TlbSide side);
  // The lookup of a page that is not resident, which no level can hold.
  void count_miss(TlbSide side);
  // After the walk of a page that was not resident just now. REQUIRES: !keeps_rows().
  void fill(uint32_t page, TlbSide side);
  // Forgets the page in every level. O(ways).
  void flush(uint32_t page);

  // How the first levels are kept: as marks and stamps at first, or as rows. REQUIRES: enabled().
  // O(entries).
  void keep_rows();
  void keep_marks();
  bool keeps_rows() const { return keeps_rows_; }
  // Uses of rows, to be counted together.
  class RowUses {
    friend class PageTlb;
    uint64_t first_misses_ = 0;  // of TlbSide::kCode, and above them all
    uint64_t second_hits_ = 0;
  };
  // The ways of the levels: any, or those of TlbOptions{}, which the compiler then knows.
  enum class Ways : bool { kAny, kUsual };
  Ways ways() const { return has_usual_ways_ ? Ways::kUsual : Ways::kAny; }
  // As look_up(), of rows, and no stamp must follow; what missed is in `uses` alone, until they are
  // added. Here and below `tag` is the page's, and kWays is what ways() says, or kAny.
  // REQUIRES: keeps_rows().
  template <Ways kWays>
  [[gnu::always_inline]] bool use(uint32_t page, uint64_t tag, TlbSide side, RowUses& uses) {
    constexpr KnownWays kKnown = known(kWays);
    const size_t row = tag & first_[size_t(side)].set_mask;
    if (side == TlbSide::kData ? first_rows_[0].use<kKnown.data>(row, page)
                               : first_rows_[1].use<kKnown.code>(row, page))
      return true;
    const bool found = second_.use<kKnown.second>(tag & second_mask_, page);
    // Both, as which it is cannot be foretold.
    uses.first_misses_ += size_t(side) + (uint64_t{1} << 32);
    uses.second_hits_ += found ? 1 : 0;
    return found;
  }
  // The same of a page that was not resident just now.
  template <Ways kWays>
  [[gnu::always_inline]] void use_new(uint32_t page, uint64_t tag, TlbSide side, RowUses& uses) {
    constexpr KnownWays kKnown = known(kWays);
    const size_t row = tag & first_[size_t(side)].set_mask;
    if (side == TlbSide::kData)
      first_rows_[0].add<kKnown.data>(row, page);
    else
      first_rows_[1].add<kKnown.code>(row, page);
    second_.add<kKnown.second>(tag & second_mask_, page);
    uses.first_misses_ += size_t(side) + (uint64_t{1} << 32);
  }
  // REQUIRES: fewer than 2^32 uses.
  void add(RowUses uses) {
    const uint64_t of_code = uses.first_misses_ & 0xffffffff;
    const uint64_t of_all = uses.first_misses_ >> 32;
    first_misses_[size_t(TlbSide::kCode)] += of_code;
    first_misses_[size_t(TlbSide::kData)] += of_all - of_code;
    second_counts_.hits += uses.second_hits_;
    second_counts_.misses += of_all - uses.second_hits_;
  }
  // As flush(). REQUIRES: keeps_rows().
  template <Ways kWays>
  [[gnu::always_inline]] void drop_from_rows(uint32_t page, uint64_t tag) {
    constexpr KnownWays kKnown = known(kWays);
    const PageRows::Four found = first_rows_[0].find<kKnown.data>(tag & first_[0].set_mask, page) |
                                 first_rows_[1].find<kKnown.code>(tag & first_[1].set_mask, page) |
                                 second_.find<kKnown.second>(tag & second_mask_, page);
    if (base::bits_of(found) != 0) [[unlikely]]
      remove_from_rows(page, tag);
  }

  // Notes a use at `position`. REQUIRES: the level holds the page, if the TLB is enabled.
  void stamp(PageState& state, TlbSide side, uint64_t position) {
    (enabled_ ? stamps_[state.slot[size_t(side)]] : state.last_use) = position;
  }
  // The same for many pages: by slot. Valid as long as the TLB is.
  uint64_t* stamps() { return stamps_.data(); }
  // The position of the last use.
  uint64_t last_use(const PageState& state) const;

  // Says that `count` lookups were made: one a reference.
  void add_lookups(TlbSide side, uint64_t count) { lookups_[int(side)] += count; }
  // Lookups that missed a first level.
  uint64_t first_misses() const { return first_misses_[0] + first_misses_[1]; }
  // REQUIRES: the lookups were added.
  TlbStats stats() const;
  void validate() const;

 private:
  static constexpr uint32_t kNoPageHere = PageRows::kNobody;

  struct Level {
    Level(TlbLevelOptions options, size_t first);
    size_t slot_of(uint64_t tag) const { return first_slot + (tag & set_mask) * ways; }
    size_t first_slot;
    size_t set_mask;
    size_t ways;
  };

  struct KnownWays {
    size_t data = 0;
    size_t code = 0;
    size_t second = 0;
  };
  static constexpr KnownWays known(Ways ways) {
    constexpr TlbOptions kUsual{};
    if (ways == Ways::kAny) return {};
    return {.data = kUsual.l1d.ways, .code = kUsual.l1i.ways, .second = kUsual.l2.ways};
  }

  void remove_from_rows(uint32_t page, uint64_t tag);
  bool use_second(uint32_t page, TlbSide side);
  void hold_first(uint32_t page, size_t slot, uint64_t stamp, TlbSide side);
  void insert_first(uint32_t page, TlbSide side);
  void drop_first(size_t slot, TlbSide side);
  size_t second_row_of(uint32_t page) const { return pages_[page].tag & second_mask_; }
  void validate_first(TlbSide side) const;
  void validate_rows(const PageRows& rows, size_t mask) const;

  const bool enabled_;
  const bool has_usual_ways_;
  PageStates& pages_;
  const Level first_[2];               // by TlbSide; the slots of both are numbered together
  std::vector<uint64_t> stamps_;       // of the first levels' ways, by slot; 0: empty
  std::vector<uint32_t> first_pages_;  // by slot
  bool keeps_rows_ = false;
  PageRows first_rows_[2];  // by TlbSide
  const size_t second_mask_;
  PageRows second_;
  uint64_t lookups_[2]{};
  uint64_t first_misses_[2]{};
  TlbLevelStats second_counts_;
};

}  // namespace faultline::replay
