// CachedPage: a page that the PageCache has found or read, and what that took.
#pragma once

#include "faultline/types.h"
#include "sim/cache/readahead.h"

namespace faultline::cache {

struct CachedPage {
  Pfn pfn = kNoPfn;
  bool did_io = false;  // the fault that asked for it is major
  // Linux let go of the lock on the address space meanwhile, and takes the fault anew: a system
  // call counts that as major too.
  bool dropped_lock = false;
  // What is still to be read along with it, by PageCache::finish_reading(): a page that is a hole
  // of the file is there at once, and nobody waits for what the disk brings later.
  ReadPlan underway{};
};

}  // namespace faultline::cache
