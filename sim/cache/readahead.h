// Readahead: which pages of a file to read before they are asked for. Linux's file_ra_state, one
// for each open file, and the parts of mm/readahead.c and mm/filemap.c that decide.
//
// It only plans: a plan is a range of pages, cut to the file's pages; the PageCache reads those of
// them that it does not hold.
// Differs from Linux: the page whose use starts the next read-ahead (PG_readahead) is noted here,
// with the open file, not on the page; there are no large folios.
// Units: pages of a file; bytes where it says so. Not thread-safe.
#pragma once

#include <cstdint>

#include "faultline/types.h"
#include "sim/cache/backing.h"

namespace faultline::cache {

// Pages `first` to `first + count` of a file.
struct PgoffRange {
  uint64_t first = 0;
  uint64_t count = 0;

  uint64_t end() const { return first + count; }
  friend bool operator==(PgoffRange, PgoffRange) = default;
};

// 128 KiB of 4 KiB pages: read_ahead_kb of the simulated disk.
inline constexpr uint64_t kReadaheadPagesMax = 32;
// What POSIX_FADV_WILLNEED and MADV_WILLNEED read at most: the largest request of the disk, 4 MiB.
inline constexpr uint64_t kWillNeedPagesMax = 1024;

// What madvise(2) or posix_fadvise(2) said: MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL.
enum class Advice : uint8_t { kNormal, kRandom, kSequential };

class Readahead {
 public:
  // A fault of a mapping missed page `pgoff`. The plan holds that page, unless the file has had so
  // many misses that read-ahead would only hurt: then, and with kRandom, it is the page alone.
  // Source: Linux mm/filemap.c do_sync_mmap_readahead().
  PgoffRange plan_fault_miss(const Backing& backing, uint64_t pgoff, Advice advice);
  // The same for a mapping that may be executed: nothing before the page, nothing past the
  // mapping's end, no mark. `wanted`: from the page on to that end. Source: Linux mm/filemap.c
  // do_sync_mmap_readahead(), VM_EXEC, 6.18.
  PgoffRange plan_code_miss(const Backing& backing, PgoffRange wanted);
  // A fault of a mapping found page `pgoff`: an empty plan, or the next window when that page was
  // the mark. Source: Linux mm/filemap.c do_async_mmap_readahead().
  PgoffRange plan_fault_hit(const Backing& backing, uint64_t pgoff, Advice advice);
  // read() missed page `wanted.first`, with `wanted.count` pages left to read. REQUIRES: count > 0.
  // Source: Linux mm/readahead.c page_cache_sync_ra().
  PgoffRange plan_read_miss(const Backing& backing, PgoffRange wanted);
  // read() found page `wanted.first`. Source: Linux mm/readahead.c page_cache_async_ra().
  PgoffRange plan_read_hit(const Backing& backing, PgoffRange wanted);
  // posix_fadvise(2): kSequential doubles the window; kRandom lets reads bring what they ask for
  // and nothing more, and does not concern mappings. Source: Linux mm/fadvise.c generic_fadvise().
  void advise(Advice advice);
  // Whether the use of page `pgoff` starts the next window. Fault-around leaves such a page out, so
  // that its use is noticed. Source: Linux mm/filemap.c next_uptodate_folio().
  bool is_mark(uint64_t pgoff) const { return marked_ && pgoff == mark(); }
  // A read ended at `end_bytes`, or passed a page that ends there.
  void note_read(uint64_t end_bytes) { previous_bytes_ = end_bytes; }

 private:
  // Notes a miss of a mapping; whether there were so many that only the page itself is read.
  bool note_mmap_miss();
  // The window, cut to the file. Its mark is set if that page comes in with it.
  PgoffRange window(const Backing& backing);
  uint64_t mark() const { return start_ + size_ - async_size_; }
  PgoffRange next_window(const Backing& backing);

  uint64_t pages_max_ = kReadaheadPagesMax;
  bool random_ = false;                     // FMODE_RANDOM
  uint64_t start_ = 0;                      // the window read last
  uint64_t size_ = 0;                       // 0: none yet
  bool marked_ = false;                     // the mark stands on a page
  uint64_t async_size_ = 0;                 // so many pages before its end stands the mark
  uint64_t mmap_misses_ = 0;                // misses less hits of mappings
  uint64_t previous_bytes_ = ~uint64_t{0};  // where the last read ended; -1 at first, as in Linux
};

}  // namespace faultline::cache
