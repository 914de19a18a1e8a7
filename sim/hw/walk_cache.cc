#include "sim/hw/walk_cache.h"

#include "sim/base/check.h"

namespace faultline::hw {
namespace {

constexpr int kNone = -1;

}  // namespace

WalkCache::WalkCache(const PagingFormat& format, const WalkCacheOptions& options)
    : levels_(format.levels) {
  uint8_t shift = 0;
  for (int i = 0; i < kWalkCacheLevelsMax; ++i) {
    const TlbLevelOptions& level = options.levels[static_cast<std::size_t>(i)];
    if (i < format.levels) shift = static_cast<uint8_t>(shift + format.index_bits[i]);
    if (level.entries == 0) continue;
    FL_CHECK(i + 1 < format.levels);
    by_level_[static_cast<std::size_t>(i)] = Level{TlbLevel(level), shift};
  }
}

void WalkCache::forget_freed(Asid asid, const PageTable& table) {
  if (asid.value >= free_counts_.size()) free_counts_.resize(asid.value + std::size_t{1});
  uint64_t& known = free_counts_[asid.value];
  if (known == table.free_count()) return;
  known = table.free_count();
  flush(asid);
}

uint8_t WalkCache::entries_read(Asid asid, const PageTable& table, Vpn vpn,
                                const WalkResult& walk) {
  forget_freed(asid, table);
  // The lowest level whose entry is held.
  int held = kNone;
  for (std::size_t i = 0; i < by_level_.size() && held == kNone; ++i) {
    if (!by_level_[i]) continue;
    const uint64_t tag = tlb_tag(asid, {vpn.value >> by_level_[i]->shift});
    const bool hit = by_level_[i]->cache.lookup(tag) != nullptr;
    ++(hit ? stats_.levels[i].hits : stats_.levels[i].misses);
    if (hit) held = static_cast<int>(i) + 1;
  }
  for (std::size_t i = 0; i < by_level_.size(); ++i) {
    if (!by_level_[i]) continue;
    TlbLevel& cache = by_level_[i]->cache;
    const uint64_t tag = tlb_tag(asid, {vpn.value >> by_level_[i]->shift});
    if (walk.permitted && cache.lookup(tag) == nullptr) cache.insert({.tag = tag});
  }
  const int first = held == kNone ? levels_ - 1 : held - 1;
  FL_CHECK(first >= walk.level);
  return static_cast<uint8_t>(first - walk.level + 1);
}

void WalkCache::fault(Asid asid, Vpn vpn) {
  for (auto& level : by_level_)
    if (level) level->cache.flush_page(tlb_tag(asid, {vpn.value >> level->shift}));
}

void WalkCache::flush(Asid asid) {
  for (auto& level : by_level_)
    if (level) level->cache.flush_space(asid);
}

void WalkCache::apply(const TlbGather& gather) {
  for (const TlbGather::Range& range : gather.ranges()) flush(range.asid);
}

}  // namespace faultline::hw
