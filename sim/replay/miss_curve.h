// From what a pass over a string of references counted to a miss-ratio curve.
//
// Threads: pure; any thread may use it.
#pragma once

#include <cstdint>
#include <span>

#include "faultline/mrc.h"

namespace faultline::replay {

// The references of a string by the distances at which they find their pages (StackDistances).
struct DistanceCounts {
  uint64_t references = 0;
  uint64_t cold = 0;                   // find none
  std::span<const uint64_t> counts{};  // by distance; those at distance 1 do not matter
};
MissCurve make_curve(const DistanceCounts& distances);

}  // namespace faultline::replay
