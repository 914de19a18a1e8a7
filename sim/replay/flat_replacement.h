// LRU, FIFO, CLOCK and OPT as replacements of their own, in flat arrays.
#pragma once

#include <cstdint>
#include <memory>

#include "sim/replay/replacement.h"

namespace faultline::replay {

std::unique_ptr<Replacement> make_flat_lru(uint64_t frames);
std::unique_ptr<Replacement> make_flat_fifo(uint64_t frames);
// How a page's bit is when the page comes: as the policy's option `enter`.
enum class Enters : bool { kUnused, kUsed };
std::unique_ptr<Replacement> make_flat_clock(uint64_t frames, Enters enters);
// It need not be told of the future.
std::unique_ptr<Replacement> make_flat_opt(uint64_t frames);

}  // namespace faultline::replay
