// read(2) and write(2) of files opened with O_DIRECT: between the disk and the caller's memory,
// past the page cache, which is made to agree. Linux fs/iomap/direct-io.c, mm/filemap.c
// kiocb_invalidate_pages(); measured on ext4, 6.18.
//
// Differs from Linux: memory that may be written or executed and not read can be written from;
// Linux takes it where it is mapped already alone (mm/gup.c check_vma_flags()). Differs from Linux:
// a write that fails leaves no old page of the file in the cache that it itself brought in.
#include <algorithm>
#include <optional>
#include <vector>

#include "sim/proc/direct_run.h"
#include "sim/proc/direct_write.h"
#include "sim/proc/files.h"

namespace faultline::proc {

using cache::Backing;
using cache::OpenFile;
using cache::PgoffRange;

namespace {

PgoffRange pages_of(PageSize page_size, Files::Extent extent) {
  const uint64_t first = page_size.pages(extent.offset_bytes);
  const uint64_t end =
      page_size.pages(page_size.align_up(extent.offset_bytes + extent.length_bytes));
  return {first, end - first};
}

}  // namespace

// What cannot be copied fails the whole, though some bytes were.
Result<uint64_t> Files::read_direct(OpenFile& file, Extent extent, ReadSink& sink,
                                    const FileCall& call) {
  // The file may not go while the sink faults.
  const std::shared_ptr<Backing> backing = file.backing;
  const PageSize page_size = parts_.frames.page_size();
  if (extent.length_bytes == 0 || extent.offset_bytes >= backing->size_bytes()) return uint64_t{0};
  const PgoffRange pages = pages_of(page_size, extent);
  parts_.cache.write_back(*backing, pages, call.gather);
  const uint64_t end_bytes = extent.offset_bytes + extent.length_bytes;
  std::vector<std::byte> page(page_size.bytes());
  bool misaligned = false;
  // Zeros come from behind the end of the file, and do not count.
  for (uint64_t at = extent.offset_bytes; at < end_bytes;) {
    const DirectRun run = direct_run_at(backing->file(), at, end_bytes);
    const Part part{at - extent.offset_bytes, run.end_bytes - at};
    // After a run that was refused only holes are still filled.
    if ((run.data || run.promised) && misaligned) return Errno::kEINVAL;
    // What is promised still has not been written: a failed write left it past the end. Source:
    // Linux fs/iomap/direct-io.c iomap_dio_iter(), IOMAP_DELALLOC.
    if (run.promised) return Errno::kEIO;
    if (run.data && (at | part.length_bytes) % kSectorBytes != 0) return Errno::kEINVAL;
    uint64_t movable = part.length_bytes;
    if (run.data && !sink.sectors_ok(part, kSectorBytes)) {
      // Memory is looked at once it has been faulted in, and holes behind it are filled all the
      // same. Of memory that ends too early whole sectors are looked at. Source: Linux
      // fs/iomap/direct-io.c iomap_dio_bio_iter(), block/bio.c bio_iov_iter_get_pages(),
      // block/blk-merge.c.
      const uint64_t there = sink.fault_in_place(part.length_bytes);
      if (there == part.length_bytes) {
        sink.skip(part.length_bytes);
        misaligned = true;
        at = run.end_bytes;
        continue;
      }
      movable = there - there % kSectorBytes;
      if (!sink.sectors_ok({part.offset_bytes, movable}, kSectorBytes)) return Errno::kEINVAL;
    }
    for (const uint64_t end = at + movable; at < end;) {
      const uint64_t in_page = at & page_size.offset_mask();
      const uint64_t count = std::min(page_size.bytes() - in_page, end - at);
      backing->file().read_page(page_size.pages(at), page);
      if (run.data) parts_.disk.count_read();
      if (sink.take(std::span(page).subspan(in_page, count)) < count)
        return misaligned ? Errno::kEINVAL : Errno::kEFAULT;
      at += count;
    }
    if (at < run.end_bytes) return Errno::kEFAULT;
  }
  if (misaligned) return Errno::kEINVAL;
  return std::min(extent.length_bytes, backing->size_bytes() - extent.offset_bytes);
}

// A page that is not written to stays as it is, also the last one when the file grows beyond it:
// what a mapping stored past the end shows then, unlike after a write through the cache. Measured.
Result<uint64_t> Files::write_direct(OpenFile& file, Extent extent, WriteSource& source,
                                     const FileCall& call) {
  const std::shared_ptr<Backing> backing = file.backing;
  const uint64_t old_bytes = backing->size_bytes();
  const PgoffRange pages = pages_of(parts_.frames.page_size(), extent);
  parts_.cache.write_back(*backing, pages, call.gather);
  // Source: Linux fs/iomap/direct-io.c __iomap_dio_rw(), -ENOTBLK.
  if (!parts_.cache.invalidate(*backing, pages, call.gather))
    return write_rest(file, extent, source, call);
  DirectWrite write(*backing, parts_.disk);
  const std::optional<Errno> error = write.run(extent, source);
  if (!error) write.commit(parts_.cache, extent.offset_bytes);
  // What the source's own faults have brought in meanwhile is old.
  parts_.cache.invalidate(*backing, pages, call.gather);
  if (!error) {
    const uint64_t done = write.done_bytes();
    if (done == extent.length_bytes) return done;
    const Extent rest{extent.offset_bytes + done, extent.length_bytes - done};
    const Result<uint64_t> more = write_rest(file, rest, source, call);
    return more.ok() ? Result<uint64_t>(done + *more) : more;
  }
  // What was written within the file stays written; it does not grow, and its last page is cut
  // anew. Source: Linux fs/ext4/file.c ext4_inode_extension_cleanup().
  if (extent.offset_bytes + extent.length_bytes > old_bytes)
    parts_.cache.truncate(*backing, old_bytes, call.frames, call.gather);
  return *error;
}

// What is left to the page cache, and is not to stay there. Source: Linux fs/ext4/file.c
// ext4_dio_write_iter().
Result<uint64_t> Files::write_rest(OpenFile& file, Extent rest, WriteSource& source,
                                   const FileCall& call) {
  const std::shared_ptr<Backing> backing = file.backing;
  const Result<uint64_t> done = write_at(file, rest, source, call);
  if (!done.ok()) return done;
  const PgoffRange pages = pages_of(parts_.frames.page_size(), {rest.offset_bytes, *done});
  parts_.cache.write_back(*backing, pages, call.gather);
  parts_.cache.drop_clean(*backing, pages);
  return done;
}

}  // namespace faultline::proc
