// DirectRun: what the disk has of a file from one byte on, as O_DIRECT is served: a run of pages at
// once. Linux's struct iomap.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/storage/sim_file.h"

namespace faultline::proc {

// Where, how much, and from or to what address: all have to be multiples of the disk's sector.
inline constexpr uint64_t kSectorBytes = 512;

// Data, or room kept or promised for it, or a hole.
struct DirectRun {
  uint64_t start_bytes = 0;
  uint64_t end_bytes = 0;
  bool data = false;
  bool promised = false;
};

// Differs from Linux: data that lies together in the file lies so on the disk; where ext4 has put
// it in several places each is a run of its own, which shows where only a part of a call can be
// served. The run that begins at `start_bytes`, cut at `end_bytes`. O(its pages).
inline DirectRun direct_run_at(const storage::SimFile& file, uint64_t start_bytes,
                               uint64_t end_bytes) {
  const uint8_t shift = file.page_size().shift;
  uint64_t pgoff = start_bytes >> shift;
  const bool data = file.has_page(pgoff);
  const bool room = file.reserved(pgoff);
  const bool promised = file.promised(pgoff);
  while ((pgoff << shift) < end_bytes && file.has_page(pgoff) == data &&
         (data || (file.reserved(pgoff) == room && file.promised(pgoff) == promised)))
    ++pgoff;
  return {start_bytes, std::min(pgoff << shift, end_bytes), data, promised};
}

}  // namespace faultline::proc
