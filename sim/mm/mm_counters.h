// MmCounters: how much an address space maps and holds: Linux's counters of mm_struct.
//
// Units: pages. Plain data.
#pragma once

#include <cstdint>

namespace faultline::mm {

// The counters of /proc/PID/status, in pages.
struct MmCounters {
  uint64_t total_vm = 0;
  uint64_t data_vm = 0;
  uint64_t stack_vm = 0;
  uint64_t exec_vm = 0;
  uint64_t locked_vm = 0;
  uint64_t orphan_locked = 0;  // of locked_vm, what no VMA locks any more: MREMAP_DONTUNMAP's
  uint64_t accounted_vm = 0;   // promised by the machine's CommitAccount
  uint64_t rss_anon = 0;
  uint64_t rss_file = 0;
  uint64_t rss_shmem = 0;
  uint64_t swap = 0;
  uint64_t peak_total_vm = 0;
  uint64_t peak_rss = 0;
  uint64_t rss() const { return rss_anon + rss_file + rss_shmem; }
};

}  // namespace faultline::mm
