// read_beside: reads a trace on this thread, and does with it what is to be done on another.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "faultline/trace.h"

namespace faultline::replay {

struct BesideOptions {
  bool numbers = false;                  // blocks of page runs come with the numbers of their pages
  uint64_t accesses_max = ~uint64_t{0};  // nothing is read behind so many
  const std::atomic<bool>* interrupted = nullptr;  // as SharedTrace's; null: never
};

// Calls `use` with a reader of what `reader` reads, on a thread of its own if there can be one, and
// returns when it has. It is this thread that reads, as signals which are to end the reading come
// to the one that was there first. Accesses are made into runs by the other one: reading them takes
// longer. Whether it was interrupted before the end.
// What `use` throws, or reading, this does, when both are done.
bool read_beside(TraceReader& reader, const BesideOptions& options,
                 const std::function<void(TraceReader&)>& use);

}  // namespace faultline::replay
