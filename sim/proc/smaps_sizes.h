// SmapsSizes: the sums that /proc/PID/smaps prints of one mapping: Linux's struct mem_size_stats.
//
// Units: bytes; proportional shares in 1/4096 of a byte, as the kernel adds them up.
// A plain value.
#pragma once

#include <cstdint>
#include <string>

namespace faultline::proc {

// A page of the mapping that is in a frame.
struct SmapsPage {
  uint64_t size_bytes = 0;
  uint32_t mapcount = 1;  // PTEs that map the frame, of all processes
  bool anonymous = false;
  bool dirty = false;  // the PTE or the frame
  bool referenced = false;
  bool lazy_free = false;  // MADV_FREE gave it up
  bool locked = false;
};

struct SmapsSizes {
  uint64_t resident = 0;
  uint64_t shared_clean = 0;
  uint64_t shared_dirty = 0;
  uint64_t private_clean = 0;
  uint64_t private_dirty = 0;
  uint64_t referenced = 0;
  uint64_t anonymous = 0;
  uint64_t lazy_free = 0;
  uint64_t swap = 0;
  uint64_t pss_shares = 0;
  uint64_t pss_dirty_shares = 0;
  uint64_t pss_locked_shares = 0;
  uint64_t swap_pss_shares = 0;

  // A page belongs to the mapping by 1/mapcount, and is private with a mapcount of 1, row J4.
  // Source: Linux fs/proc/task_mmu.c smaps_account(), smaps_page_accumulate().
  void add_page(const SmapsPage& page);
  // A page in a swap slot that `users` PTEs name. Source: the same, smaps_pte_entry().
  void add_swapped(uint64_t size_bytes, uint32_t users);

  // The lines from Rss to Locked. Source: Linux fs/proc/task_mmu.c __show_smap().
  std::string to_string() const;
};

// A line "LABEL:   N kB\n", the number `width` wide, as the kernel pads it.
std::string kb_line(const char* label, uint64_t kilobytes, int width = 8);

}  // namespace faultline::proc
