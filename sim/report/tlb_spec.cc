#include <fmt/format.h>

#include "faultline/report.h"

namespace faultline {

std::string tlb_spec(const TlbOptions& tlb) {
  if (!tlb.enabled) return "none";
  return fmt::format("l1d={}x{},l1i={}x{},l2={}x{}", tlb.l1d.entries, tlb.l1d.ways, tlb.l1i.entries,
                     tlb.l1i.ways, tlb.l2.entries, tlb.l2.ways);
}

std::string walk_cache_spec(const WalkCacheOptions& walk_cache) {
  if (!walk_cache.enabled()) return "none";
  std::string spec;
  for (size_t i = 0; i < walk_cache.levels.size(); ++i) {
    const TlbLevelOptions& level = walk_cache.levels[i];
    if (level.entries == 0) continue;
    spec += fmt::format("{}{}={}x{}", spec.empty() ? "" : ",", kWalkCacheLevelNames[i],
                        level.entries, level.ways);
  }
  return spec;
}

}  // namespace faultline
