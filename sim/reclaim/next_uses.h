// NextUses: what is to come, for a policy that knows the future (Belady's OPT).
//
// Units: positions of references, as Reference::position has them.
#pragma once

#include <cstdint>
#include <limits>

namespace faultline::reclaim {

inline constexpr uint64_t kNeverUsed = std::numeric_limits<uint64_t>::max();

class NextUses {
 public:
  virtual ~NextUses() = default;
  // The position of the next reference to the page that is referenced at `position`, behind the
  // references to it that follow directly; kNeverUsed: there is none. Asked with positions that
  // only grow.
  virtual uint64_t next_use(uint64_t position) = 0;
};

}  // namespace faultline::reclaim
