// DirectWrite: one write(2) past the page cache, run after run of what the disk has of the file.
// Linux fs/iomap/direct-io.c iomap_dio_bio_iter() and fs/ext4/inode.c ext4_iomap_alloc(), 6.18.
//
// What goes to blocks that the disk has already is written at once; what goes to new ones, or past
// the end of the file, is there once the whole has succeeded.
//
// Units: bytes. Borrows the file for one call. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "faultline/result.h"
#include "sim/cache/page_cache.h"
#include "sim/proc/direct_run.h"
#include "sim/proc/files.h"

namespace faultline::proc {

class DirectWrite {
 public:
  DirectWrite(cache::Backing& backing, storage::Disk& disk);

  // Writes as far as the source goes. New blocks within the file are reserved from here on, also
  // where the write fails.
  // Errors: kEINVAL (not in whole sectors); kEFAULT (the source ended), but where the disk was to
  // fill up a block with zeros: then there is no error, and done_bytes() is less than was wanted.
  std::optional<Errno> run(Files::Extent extent, WriteSource& source);
  uint64_t done_bytes() const { return done_bytes_; }
  // It has succeeded: the file reaches as far, and new blocks have their bytes. Those that were not
  // written to stay the file's, past its end too. Differs from Linux: they are zeros; there they
  // show what the disk held before.
  void commit(cache::PageCache& cache, uint64_t offset_bytes);

 private:
  uint64_t in_page(uint64_t at) const { return at & page_size_.offset_mask(); }
  void make_room(const DirectRun& run);
  // Copies what the source has of a part of one page; how much.
  uint64_t copy_page(uint64_t at, uint64_t wanted, const DirectRun& run, WriteSource& source);
  // The source has ended at `at`.
  std::optional<Errno> stop(const DirectRun& run, uint64_t at);

  cache::Backing& backing_;
  storage::Disk& disk_;
  PageSize page_size_;
  uint64_t old_bytes_;
  uint64_t done_bytes_ = 0;
  std::vector<cache::PgoffRange> blocks_{};               // made past the end of the file
  std::map<uint64_t, std::vector<std::byte>> to_come_{};  // by pgoff
};

}  // namespace faultline::proc
