// read_beside: reads a trace on this thread, and does with it what is to be done on another.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "faultline/trace.h"
#include "sim/replay/run_condenser.h"

namespace faultline::replay {

struct BesideOptions {
  // Blocks of page runs come with the numbers of their pages, and those of many pages by number;
  // as TraceForms.
  bool numbers = false;
  uint64_t by_number_below = 0;
  // What page runs may be condensed for; this is done here as long as the other thread is behind.
  std::optional<CondenserLimits> condensed{};
  uint64_t accesses_max = ~uint64_t{0};            // nothing is read behind so many
  const std::atomic<bool>* interrupted = nullptr;  // as SharedTrace's; null: never
};

// Calls `use` with a reader of what `reader` reads, and with what was condensed of that (null:
// nothing ever is), on a thread of its own if there can be one, and returns when it has. It is this
// thread that reads, as signals which are to end the reading come to the one that was there first.
// Accesses are made into runs by the other one: reading them takes longer. Whether it was
// interrupted before the end.
// What `use` throws, or reading, this does, when both are done.
bool read_beside(TraceReader& reader, const BesideOptions& options,
                 const std::function<void(TraceReader&, const CondensedSource*)>& use);

}  // namespace faultline::replay
