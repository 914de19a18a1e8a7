// Where in an flt file an access lies, by its index.
//
// Threads: as SeekableBytes.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/trace/byte_source.h"

namespace faultline::trace {

// Between two blocks, or behind the last.
struct IndexPlace {
  uint64_t byte_offset = 0;
  uint64_t blocks = 0;     // before it
  uint64_t accesses = 0;   // of these
  uint32_t index_crc = 0;  // of their entries in the index
};

// The last block that begins with access `goal` or before it; the index, where that is beyond the
// last access. Reads the trailer, the index and that block's header.
// Nothing: one of them is damaged or does not fit the others. Who reads from the beginning finds
// out, and says so.
std::optional<IndexPlace> find_in_index(const SeekableBytes& file, uint64_t goal);

}  // namespace faultline::trace
