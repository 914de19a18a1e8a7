// OneProcessor: while it lives, the calling thread and the processes that it starts run on the
// processor that the thread was on.
//
// Linux keeps lists of pages for each processor that it works off when it likes, and a page on the
// list of another one is left out by MADV_FREE and MADV_PAGEOUT. Not only the worker's own accesses
// put pages there: we read what a load saw from its /proc/PID/mem, which is a use of the page
// (FOLL_TOUCH), and a second use puts it on the list of pages that become active, of the processor
// that we are on. Source: Linux mm/swap.c folio_mark_accessed(), folio_batch_add_and_move(),
// lru_add_drain(); mm/madvise.c madvise_pageout(), 6.18.
// Threads: one.
#pragma once

#include <sched.h>

namespace faultline::host {

class OneProcessor {
 public:
  OneProcessor();
  ~OneProcessor();  // the thread may run where it could before
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace faultline::host
