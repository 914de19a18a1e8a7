#include "sim/proc/direct_write.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "sim/base/check.h"

namespace faultline::proc {

DirectWrite::DirectWrite(cache::Backing& backing, storage::Disk& disk)
    : backing_(backing),
      disk_(disk),
      page_size_(backing.file().page_size()),
      old_bytes_(backing.size_bytes()) {}

std::optional<Errno> DirectWrite::run(Files::Extent extent, WriteSource& source) {
  const uint64_t end_bytes = extent.offset_bytes + extent.length_bytes;
  for (uint64_t at = extent.offset_bytes; at < end_bytes;) {
    const DirectRun run = direct_run_at(backing_.file(), at, end_bytes);
    const Part part{at - extent.offset_bytes, run.end_bytes - at};
    if (!run.data) make_room(run);
    if ((at | part.length_bytes) % kSectorBytes != 0) return Errno::kEINVAL;
    uint64_t movable = part.length_bytes;
    if (!source.sectors_ok(part, kSectorBytes)) {
      const uint64_t there = source.fault_in(part.length_bytes);
      movable = there - there % kSectorBytes;
      const bool ok = source.sectors_ok({part.offset_bytes, movable}, kSectorBytes);
      if (there == part.length_bytes || !ok) return Errno::kEINVAL;
    }
    for (const uint64_t end = at + movable; at < end;) {
      const uint64_t wanted = std::min(page_size_.bytes() - in_page(at), end - at);
      const uint64_t given = copy_page(at, wanted, run, source);
      at += given;
      done_bytes_ += given;
      if (given < wanted) break;
    }
    if (at < run.end_bytes) return stop(run, at);
  }
  return std::nullopt;
}

// Past the end of the file they are blocks at once; else they count as written at the end of the
// call. Source: Linux fs/ext4/inode.c ext4_iomap_alloc().
void DirectWrite::make_room(const DirectRun& run) {
  const uint64_t first = page_size_.pages(run.start_bytes);
  const uint64_t count = page_size_.pages(page_size_.align_up(run.end_bytes)) - first;
  if (first << page_size_.shift >= old_bytes_)
    blocks_.push_back({first, count});
  else
    backing_.file().reserve(first, count);
}

uint64_t DirectWrite::copy_page(uint64_t at, uint64_t wanted, const DirectRun& run,
                                WriteSource& source) {
  std::vector<std::byte> piece(wanted);
  const uint64_t given = source.give(piece);
  if (given == 0) return 0;
  const uint64_t pgoff = page_size_.pages(at);
  std::vector<std::byte> page(page_size_.bytes());
  backing_.file().read_page(pgoff, page);
  std::memcpy(page.data() + in_page(at), piece.data(), given);
  if (run.data && at + given <= old_bytes_) {
    backing_.file().write_page(pgoff, page);
    disk_.count_write();
  } else {
    to_come_[pgoff] = std::move(page);
  }
  return given;
}

// The zeros that fill up the block of `at` take the place of the error: the rest is left to the
// page cache, which meets it in its own way. In a block that counts as written only at the end of
// the call, the next round fills it up from its start too, over what was written there.
// Source: Linux fs/iomap/direct-io.c iomap_dio_bio_iter(), zero_tail; measured, 6.18.
std::optional<Errno> DirectWrite::stop(const DirectRun& run, uint64_t at) {
  if (in_page(at) == 0 || (run.data && at < old_bytes_)) return Errno::kEFAULT;
  const bool counts_later =
      !run.data && (page_size_.pages(run.start_bytes) << page_size_.shift) < old_bytes_;
  if (counts_later && at > run.start_bytes) {
    const std::span<std::byte> page = to_come_[page_size_.pages(at)];
    FL_CHECK(page.size() == page_size_.bytes());
    std::fill_n(page.begin(), in_page(at), std::byte{0});
  }
  return std::nullopt;
}

void DirectWrite::commit(cache::PageCache& cache, uint64_t offset_bytes) {
  cache.extend(backing_,
               done_bytes_ == 0 ? old_bytes_ : std::max(old_bytes_, offset_bytes + done_bytes_));
  for (const cache::PgoffRange blocks : blocks_)
    backing_.file().allocate(blocks.first, blocks.count);
  for (const auto& [pgoff, page] : to_come_) {
    backing_.file().write_page(pgoff, page);
    disk_.count_write();
  }
}

}  // namespace faultline::proc
