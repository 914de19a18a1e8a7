#include "faultline/mrc.h"

#include <algorithm>
#include <iterator>

namespace faultline {

uint64_t MissCurve::misses_at(uint64_t frames) const {
  const auto next = std::ranges::upper_bound(points, frames, {}, &MissPoint::frames);
  return next == points.begin() ? references : std::prev(next)->misses;
}

}  // namespace faultline
