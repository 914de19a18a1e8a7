#include "sim/replay/intervals.h"

namespace faultline::replay {
namespace {

TlbLevelStats since(const TlbLevelStats& now, const TlbLevelStats& before) {
  return {.hits = now.hits - before.hits, .misses = now.misses - before.misses};
}

// Memory is a state and no count: it stays as it is now.
Stats since(const Stats& now, const Stats& before) {
  Stats counted = now;
  counted.accesses = {.loads = now.accesses.loads - before.accesses.loads,
                      .stores = now.accesses.stores - before.accesses.stores,
                      .fetches = now.accesses.fetches - before.accesses.fetches,
                      .modifies = now.accesses.modifies - before.accesses.modifies};
  counted.references -= before.references;
  counted.pages_touched -= before.pages_touched;
  counted.tlb = {.l1d = since(now.tlb.l1d, before.tlb.l1d),
                 .l1i = since(now.tlb.l1i, before.tlb.l1i),
                 .l2 = since(now.tlb.l2, before.tlb.l2)};
  counted.walks.count -= before.walks.count;
  counted.walks.memory_references -= before.walks.memory_references;
  counted.faults = {.minor = now.faults.minor - before.faults.minor,
                    .major = now.faults.major - before.faults.major,
                    .segv_maperr = now.faults.segv_maperr - before.faults.segv_maperr,
                    .segv_accerr = now.faults.segv_accerr - before.faults.segv_accerr,
                    .bus_adrerr = now.faults.bus_adrerr - before.faults.bus_adrerr};
  counted.replacement.hits -= before.replacement.hits;
  counted.replacement.misses -= before.replacement.misses;
  counted.replacement.cold_misses -= before.replacement.cold_misses;
  counted.replacement.evictions -= before.replacement.evictions;
  counted.replacement.dirty_evictions -= before.replacement.dirty_evictions;
  return counted;
}

}  // namespace

void Intervals::end_interval(const Stats& stats) {
  reports_.push_back({.accesses = stats.accesses.accesses(),
                      .counted = since(stats, before_),
                      .working_set_pages = working_set_.take_pages()});
  before_ = stats;
}

}  // namespace faultline::replay
