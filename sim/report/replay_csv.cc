// The curves of a replay over time, as comma-separated values (RFC 4180, with bare newlines).
#include <fmt/format.h>

#include <iterator>

#include "faultline/report.h"

namespace faultline {

std::string replay_intervals_csv(const ReplayReport& report) {
  std::string text =
      "accesses,references,misses,cold_misses,minor,major,segv_maperr,segv_accerr,bus_adrerr,"
      "evictions,dirty_evictions,l1d_misses,l1i_misses,l2_misses,walks,resident_pages,"
      "working_set_pages\n";
  for (const IntervalReport& interval : *report.intervals) {
    const Stats& counted = interval.counted;
    fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                   interval.accesses, counted.references, counted.replacement.misses,
                   counted.replacement.cold_misses, counted.faults.minor, counted.faults.major,
                   counted.faults.segv_maperr, counted.faults.segv_accerr,
                   counted.faults.bus_adrerr, counted.replacement.evictions,
                   counted.replacement.dirty_evictions, counted.tlb.l1d.misses,
                   counted.tlb.l1i.misses, counted.tlb.l2.misses, counted.walks.count,
                   counted.memory.resident_pages, interval.working_set_pages);
  }
  return text;
}

}  // namespace faultline
