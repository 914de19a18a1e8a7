// FrameSource: where the page cache's callers get frames from. The cache itself never allocates
// unasked: sim/fault implements this by its allocate_or_reclaim.
//
// Ownership: the frame comes with one reference, which passes to whom it is given.
#pragma once

#include <optional>

#include "faultline/types.h"

namespace faultline::cache {

class FrameSource {
 public:
  virtual ~FrameSource() = default;
  // A frame in use with refcount 1 and no flags but kFrameInUse. It may reclaim: pages of the cache
  // may be gone afterwards. Nothing: memory is full and nothing can be evicted.
  virtual std::optional<Pfn> take_frame() = 0;
};

}  // namespace faultline::cache
