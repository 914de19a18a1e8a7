// Shrinking: from a scenario that shows a difference to a small one that still does.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace faultline::verify {

// Leaves out lines as long as `still_differs` holds for what is left: halves first, then smaller
// pieces, down to single lines, until none can go (Zeller's ddmin). `still_differs(lines)` holds at
// the start. O(lines^2) questions at worst; at most `questions_max`.
std::vector<std::string> shrink(
    std::vector<std::string> lines, uint64_t questions_max,
    const std::function<bool(const std::vector<std::string>&)>& still_differs);

}  // namespace faultline::verify
