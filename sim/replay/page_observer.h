// PageObserver: told of every reference of a replay, after the machine; of what ended in a signal,
// nothing: what curves and what-ifs
// are made from. It costs nothing where there is none.
//
// Units: pages of 1 << kPageRunShift bytes, whatever the machine's are.
#pragma once

#include <cstdint>

#include "faultline/access.h"
#include "faultline/trace_call.h"

namespace faultline::replay {

struct PageUse {
  uint32_t pid = 0;
  uint64_t page = 0;
  AccessKind kind = AccessKind::kLoad;
  uint64_t references = 1;  // one directly after the other
};

class PageObserver {
 public:
  virtual ~PageObserver() = default;
  virtual void on_use(const PageUse& use) = 0;
};

}  // namespace faultline::replay
