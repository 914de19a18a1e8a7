// KindCounts: the accesses of a few runs by kind, in one register.
#pragma once

#include <cstddef>
#include <cstdint>

#include "faultline/access.h"
#include "faultline/page_run.h"
#include "faultline/stats.h"

namespace faultline::replay {

class KindCounts {
 public:
  // So many runs overflow none of its fields.
  static constexpr size_t kRunsMax = 64;
  static_assert(kRunsMax * PageRun::kCountMax <= 0xffff);

  void add(AccessKind kind, uint64_t count) { counts_ += count << shift_of(kind); }
  uint64_t of(AccessKind kind) const { return counts_ >> shift_of(kind) & 0xffff; }
  void add_to(AccessStats& accesses) const {
    accesses.fetches += of(AccessKind::kFetch);
    accesses.loads += of(AccessKind::kLoad);
    accesses.stores += of(AccessKind::kStore);
    accesses.modifies += of(AccessKind::kModify);
  }

 private:
  static unsigned shift_of(AccessKind kind) { return 16 * unsigned(kind); }

  uint64_t counts_ = 0;
};

}  // namespace faultline::replay
