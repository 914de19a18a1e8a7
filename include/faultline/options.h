// What a machine is built from. Plain data; machine.h checks it when the machine is made.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "faultline/types.h"

namespace faultline {

class NextUses;  // faultline/policy.h

// One level of a TLB: a set-associative table of `entries` in sets of `ways`, true LRU within a
// set. REQUIRES when built: ways divides entries, and entries / ways is a power of two.
struct TlbLevelOptions {
  uint32_t entries = 0;
  uint32_t ways = 0;
  friend constexpr bool operator==(const TlbLevelOptions&, const TlbLevelOptions&) = default;
};

// Two first levels, for data and for instructions, before one second level. Prints as
// l1d=64x4,l1i=64x8,l2=1536x12.
struct TlbOptions {
  bool enabled = true;  // false: every reference walks
  TlbLevelOptions l1d{64, 4};
  TlbLevelOptions l1i{64, 8};
  TlbLevelOptions l2{1536, 12};
  friend constexpr bool operator==(const TlbOptions&, const TlbOptions&) = default;
};

inline constexpr int kWalkCacheLevelsMax = 4;

// Paging-structure caches, one for each level of page tables above the leaf's, lowest first: x86's
// PDE, PDPTE, PML4E and PML5E caches. A level without entries is not cached. REQUIRES when built:
// the others as TlbLevelOptions, and the paging format has those levels.
struct WalkCacheOptions {
  std::array<TlbLevelOptions, kWalkCacheLevelsMax> levels{};
  constexpr bool enabled() const {
    for (const TlbLevelOptions& level : levels)
      if (level.entries != 0 || level.ways != 0) return true;
    return false;
  }
  friend constexpr bool operator==(const WalkCacheOptions&, const WalkCacheOptions&) = default;
};
// What the levels are called, after x86's entries, whatever the format.
inline constexpr std::array<std::string_view, kWalkCacheLevelsMax> kWalkCacheLevelNames = {
    "pde", "pdpte", "pml4e", "pml5e"};

enum class Contents : uint8_t {
  kBytes,  // frames hold bytes, got on the first store
  kNone,   // no bytes: for long traces
};

// What an access outside every VMA does.
enum class Unmapped : uint8_t {
  kFault,  // SIGSEGV, as Linux does
  kMap,    // the page gets an inferred mapping: a private page whose contents exist already
};

struct MachineOptions {
  std::string paging = "x86-64";
  // Where it is not empty, what page tables are like: JSON, as docs/paging.md says. `paging` is
  // then what reports call it.
  std::string paging_description{};
  std::optional<uint64_t>
      frames{};  // frames for pages of processes and the page cache; nothing: unlimited
  std::string policy = "lru";
  // What is to come, for a policy that must know; null: it is not known. Outlives the machine.
  NextUses* next_uses = nullptr;
  TlbOptions tlb{};
  WalkCacheOptions walk_cache{};  // none
  // How far the disk reads ahead at most; what is used is whole pages, at least one. Linux's
  // read_ahead_kb.
  uint64_t readahead_bytes = uint64_t{128} << 10;
  Contents contents = Contents::kBytes;
  Unmapped unmapped = Unmapped::kFault;
  uint64_t seed = 0;
  uint64_t paranoid_interval = 0;  // validate() every so many accesses; 0: never
};

}  // namespace faultline
