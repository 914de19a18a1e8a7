// From what a pass over a string of references counted to a miss-ratio curve.
//
// Threads: pure; any thread may use it.
#pragma once

#include <cstdint>

#include "faultline/mrc.h"
#include "sim/replay/stack_distances.h"

namespace faultline::replay {

// The curve of a string of `references`, by the distances at which they find their pages. Those at
// distance 1 may be left out of `distances`: every memory holds these pages.
MissCurve make_curve(uint64_t references, const StackDistances& distances);

}  // namespace faultline::replay
