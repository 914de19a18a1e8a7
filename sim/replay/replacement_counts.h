// What replacements of their own count alike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "faultline/page_run.h"
#include "faultline/stats.h"
#include "sim/replay/run_pages.h"

namespace faultline::replay {

struct ReplacementCounts {
  uint64_t references = 0;
  uint64_t misses = 0;
  uint64_t cold_misses = 0;
  uint64_t dirty_evictions = 0;

  void add(const ReplacementCounts& others) {
    references += others.references;
    misses += others.misses;
    cold_misses += others.cold_misses;
    dirty_evictions += others.dirty_evictions;
  }
  // REQUIRES: no page leaves before memory is full.
  ReplacementStats stats(uint64_t frames) const {
    return {.hits = references - misses,
            .misses = misses,
            .cold_misses = cold_misses,
            .evictions = misses - std::min(cold_misses, frames),
            .dirty_evictions = dirty_evictions};
  }
};

// Whether many runs miss, which is looked at after so many runs: what will be needed is fetched
// ahead then, and what pays only where few do is not done.
enum class Misses : bool { kFew, kMany };
inline constexpr size_t kRunsAtOnce = 1024;
constexpr Misses misses_of(uint64_t misses, size_t runs) {
  constexpr uint64_t kManyIn = 16;
  return misses * kManyIn >= runs ? Misses::kMany : Misses::kFew;
}

// Calls take(begin, end, number_of) for so many runs at once; number_of(run) is the page's number.
template <class Take>
void take_by_parts(const NumberedRuns& runs, Take take) {
  runs.with_number_of([&](auto number_of) {
    for (size_t begin = 0; begin < runs.runs.size(); begin += kRunsAtOnce)
      take(begin, std::min(runs.runs.size(), begin + kRunsAtOnce), number_of);
  });
}

// The state of the page so many runs later is fetched ahead. (Inlined always: g++
// takes a function that does nothing else for one that does nothing.)
template <class Page, class NumberOf>
[[gnu::always_inline]] inline void fetch_page_ahead(const Page* pages,
                                                    std::span<const PageRun> runs, size_t at,
                                                    NumberOf number_of) {
  constexpr size_t kAhead = 16;
  __builtin_prefetch(&pages[number_of(runs[std::min(at + kAhead, runs.size() - 1)])], 1);
}

// Runs of one page, one directly after the other.
struct SamePageRuns {
  uint32_t number;
  uint32_t stores;  // 1 if one of them stored
  uint64_t references;
};
// What is at runs[i], which is then its last run.
template <class NumberOf>
[[gnu::always_inline]] inline SamePageRuns take_use(std::span<const PageRun> runs, size_t& i,
                                                    size_t end, NumberOf number_of) {
  SamePageRuns use{.number = number_of(runs[i]),
                   .stores = is_store(runs[i].kind()) ? 1u : 0u,
                   .references = references_of(runs[i])};
  for (; i + 1 < end && runs[i + 1].page() == runs[i].page(); ++i) {
    use.stores |= is_store(runs[i + 1].kind()) ? 1 : 0;
    use.references += references_of(runs[i + 1]);
  }
  return use;
}

}  // namespace faultline::replay
