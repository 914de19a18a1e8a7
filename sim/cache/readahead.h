// Readahead: which pages of a file to read before they are asked for. Linux's file_ra_state, one
// for each open file, and the parts of mm/readahead.c and mm/filemap.c that decide.
//
// It only plans: a plan is a range of pages, cut to the file's pages, and the size of the folios to
// read them in; the PageCache reads those of them that it does not hold.
// Units: pages of a file; bytes where it says so. Not thread-safe.
#pragma once

#include <cstdint>

#include "faultline/types.h"
#include "sim/cache/backing.h"
#include "sim/cache/pgoff_range.h"

namespace faultline::cache {

// The largest request of the disk, 4 MiB of 4 KiB pages. Linux's bdi->io_pages.
inline constexpr uint64_t kRequestPagesMax = 1024;

// What madvise(2) or posix_fadvise(2) said: MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL; and
// MADV_HUGEPAGE, which comes before the others, without and with MADV_RANDOM.
enum class Advice : uint8_t { kNormal, kRandom, kSequential, kHuge, kHugeRandom };

struct ReadPlan {
  static constexpr uint64_t kNoMark = ~uint64_t{0};

  PgoffRange pages{};       // cut to the file's pages
  uint8_t order = 0;        // in folios of 2^order pages at most
  uint64_t mark = kNoMark;  // the folio that comes in with this page is marked (PG_readahead)
  // The same, where it is read page by page and ends with the file. 0: there is no mark then.
  uint64_t mark_before_end = 0;
  bool begun = false;  // some of it has been read
  friend bool operator==(const ReadPlan&, const ReadPlan&) = default;
};

class Readahead {
 public:
  // A fault of a mapping missed page `pgoff`. The plan holds that page, unless the file has had so
  // many misses that read-ahead would only hurt: then, and with kRandom, it is the page alone.
  // Source: Linux mm/filemap.c do_sync_mmap_readahead().
  ReadPlan plan_fault_miss(const Backing& backing, uint64_t pgoff, Advice advice);
  // The same for a mapping that may be executed: nothing before the page, nothing past the
  // mapping's end, no mark. `wanted`: from the page on to that end. Source: Linux mm/filemap.c
  // do_sync_mmap_readahead(), VM_EXEC, 6.18.
  ReadPlan plan_code_miss(const Backing& backing, PgoffRange wanted);
  // A fault of a mapping found its page. Source: Linux mm/filemap.c do_async_mmap_readahead().
  void note_fault_hit(Advice advice);
  // read() missed page `wanted.first`, with `wanted.count` pages left to read. REQUIRES: count > 0.
  // Source: Linux mm/readahead.c page_cache_sync_ra().
  ReadPlan plan_read_miss(const Backing& backing, PgoffRange wanted);
  // The marked `folio` is used, at page `wanted.first`: the next window, in larger folios than the
  // last, or one behind what is cached when the mark is none of ours. `wanted.count`: how much the
  // user is known to want. Source: Linux mm/readahead.c page_cache_async_ra(), 6.18.
  ReadPlan plan_next(const Backing& backing, PgoffRange folio, PgoffRange wanted);
  // posix_fadvise(2): kSequential doubles the window; kRandom lets reads bring what they ask for
  // and nothing more, and does not concern mappings. Source: Linux mm/fadvise.c generic_fadvise().
  void advise(Advice advice);
  // A read ended at `end_bytes`, or passed a page that ends there.
  void note_read(uint64_t end_bytes) { previous_bytes_ = end_bytes; }
  // The largest window. Linux's ra_pages.
  uint64_t pages_max(const Backing& backing) const;
  // What is read at most where it is asked for outright: by POSIX_FADV_WILLNEED, by MADV_WILLNEED,
  // and by reads with kRandom. Source: Linux mm/readahead.c force_page_cache_ra(), 6.18.
  uint64_t asked_max(const Backing& backing) const;

 private:
  // Notes a miss of a mapping; whether there were so many that only the page itself is read.
  bool note_mmap_miss();
  // The largest window for one who wants `count` pages. Source: Linux ractl_max_pages().
  uint64_t window_max(const Backing& backing, uint64_t count) const;
  // A window of the size that was set, from page `first` on. Source: Linux page_cache_ra_order().
  ReadPlan window(const Backing& backing, uint64_t first);

  bool random_ = false;                     // FMODE_RANDOM
  bool doubled_ = false;                    // POSIX_FADV_SEQUENTIAL
  uint64_t start_ = 0;                      // the window read last
  uint64_t size_ = 0;                       // 0: none yet
  uint64_t async_size_ = 0;                 // so many pages before its end stands the mark
  uint8_t order_ = 0;                       // of its folios, at most
  uint64_t mmap_misses_ = 0;                // misses less hits of mappings
  uint64_t previous_bytes_ = ~uint64_t{0};  // where the last read ended; -1 at first, as in Linux
};

}  // namespace faultline::cache
