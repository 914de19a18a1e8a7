// The sizes of memory at which a miss-ratio curve bends most: less memory costs much, more gains
// little.
//
// Threads: pure; any thread may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "faultline/mrc.h"

namespace faultline::report {

// At most `most` sizes, rising; none where the curve bends nowhere.
std::vector<uint64_t> find_knees(const MissCurve& curve, size_t most);

}  // namespace faultline::report
