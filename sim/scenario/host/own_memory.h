// Which system calls of a scenario reach into memory that is the worker's own. There the answers
// would be the worker's, and it might not live on.
//
// Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace faultline::host {

// Why a call that does is not made, in words.
inline constexpr std::string_view kReachesOwnMemory =
    "reaches memory in which the host's worker lies: 400000-421000";

// Whether [address, address + length_bytes), taken page by page, meets the worker's own memory.
bool meets_own_memory(uint64_t address, uint64_t length_bytes);
// The same for what a call unmaps, maps, changes, or reads and writes for the scenario.
bool meets_own_memory(long number, const std::array<uint64_t, 6>& arguments);

}  // namespace faultline::host
