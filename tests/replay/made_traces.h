// Traces of many kinds, made to replay them in two ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "faultline/page_run.h"
#include "faultline/trace.h"
#include "sim/base/prng.h"

namespace faultline::replay {

inline constexpr uint64_t kPage = 1 << kPageRunShift;

struct Piece {
  TraceTask task;
  std::vector<Access> accesses;
};

// Where the user spaces of some formats end.
inline constexpr uint64_t kUserEnds[] = {
    (uint64_t{1} << 47) - kPage, uint64_t{1} << 47, uint64_t{1} << 38,
    uint64_t{1} << 48,           0xc000'0000,       0x9d80'0000};

// Runs, straddles, and pages that no program has.
inline std::vector<Piece> random_trace(uint64_t seed) {
  base::Prng prng(seed);
  std::vector<Piece> trace(1 + prng.below(6));
  const uint64_t pages = 1 + prng.below(40);
  const uint64_t scale = uint64_t{1} << prng.below(30);  // how far pages lie apart
  const bool foreign = prng.below(4) == 0;
  for (Piece& piece : trace) {
    piece.task.pid = static_cast<uint32_t>(prng.below(3));
    Access access{};
    for (uint64_t i = prng.below(400); i > 0; --i) {
      if (prng.below(3) != 0) {
        access.address = VirtAddr{prng.below(pages) * scale * kPage + prng.below(kPage)};
        access.kind = AccessKind(prng.below(4));
        access.size_bytes = 1 + static_cast<uint32_t>(prng.below(16));
        if (prng.below(20) == 0) access.size_bytes = static_cast<uint32_t>(1 + prng.below(20000));
        if (foreign && prng.below(10) == 0)
          access.address =
              VirtAddr{kUserEnds[prng.below(std::size(kUserEnds))] - kPage + prng.below(2 * kPage)};
      }
      piece.accesses.push_back(access);
    }
  }
  return trace;
}

// Now all over memory, now a few pages, so that it pays to keep the TLB in one way and in the
// other.
inline std::vector<Piece> changing_trace(uint64_t seed) {
  base::Prng prng(seed);
  std::vector<Piece> trace(6);
  for (size_t phase = 0; phase < trace.size(); ++phase) {
    Piece& piece = trace[phase];
    piece.task.pid = static_cast<uint32_t>(prng.below(2));
    const uint64_t pages = phase % 2 == 0 ? 100 : 3;
    for (int i = 0; i < 3'000; ++i) {
      Access access{};
      access.address = VirtAddr{prng.below(pages) * kPage + prng.below(kPage)};
      access.kind = AccessKind(prng.below(4));
      access.size_bytes = 1 + static_cast<uint32_t>(prng.below(16));
      if (prng.below(50) == 0) access.size_bytes = static_cast<uint32_t>(1 + prng.below(20'000));
      if (prng.below(50) == 0) access.address = VirtAddr{kUserEnds[0] - prng.below(2 * kPage)};
      piece.accesses.push_back(access);
    }
  }
  return trace;
}

// Pages that are used for long while others, which are as old as the start, wait to be evicted.
inline std::vector<Piece> patient_trace() {
  base::Prng prng(1);
  std::vector<Piece> trace(3);
  for (size_t phase = 0; phase < trace.size(); ++phase) {
    const uint64_t accesses = phase == 1 ? 80'000 : 3'000;
    for (uint64_t i = 0; i < accesses; ++i) {
      Access access{};
      access.address = VirtAddr{(phase == 1 ? i % 5 : prng.below(100)) * kPage};
      access.kind = i % 7 == 0 ? AccessKind::kStore : AccessKind::kLoad;
      access.size_bytes = 1;
      trace[phase].accesses.push_back(access);
    }
  }
  return trace;
}

// Pages all over, each loaded from and stored to, one after the other; now and then otherwise.
inline std::vector<Piece> updates_trace(uint64_t pages) {
  base::Prng prng(3);
  std::vector<Piece> trace(4);
  for (Piece& piece : trace) {
    for (uint64_t i = 0; i < 5'000; ++i) {
      Access access{};
      const uint64_t last = prng.below(20) == 0 ? kPage - 1 : 8;
      access.address = VirtAddr{prng.below(pages) * kPage + last};
      access.size_bytes = 2;
      for (uint64_t more = 1 + prng.below(4); more > 0; --more) {
        access.kind = static_cast<AccessKind>(prng.below(10) == 0 ? prng.below(4) : 1 + more % 2);
        piece.accesses.push_back(access);
      }
    }
  }
  return trace;
}

// Data alone, of pages all over and now and then of a few; in every fourth piece, code too.
inline std::vector<Piece> data_trace(uint64_t pages, uint64_t seed) {
  base::Prng prng(seed);
  std::vector<Piece> trace(12);
  for (size_t i = 0; i < trace.size(); ++i) {
    const uint64_t some = i % 5 == 4 ? 5 : pages;
    const bool repeats = i % 3 == 2;
    while (trace[i].accesses.size() < 5'000) {
      Access access{.size_bytes = 1};
      access.address = VirtAddr{prng.below(some) * kPage};
      for (uint64_t more = repeats ? 1 + prng.below(4) : 1; more > 0; --more) {
        access.kind = static_cast<AccessKind>(i % 4 == 3 ? prng.below(4) : 1 + prng.below(3));
        trace[i].accesses.push_back(access);
      }
    }
  }
  return trace;
}

}  // namespace faultline::replay
