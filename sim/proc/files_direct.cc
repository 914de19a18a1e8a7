// read(2) and write(2) of files opened with O_DIRECT: between the disk and the caller's memory,
// past the page cache, which is made to agree. Linux fs/iomap/direct-io.c, mm/filemap.c
// kiocb_invalidate_pages(); measured on ext4, 6.18.
//
// Differs from Linux: memory that may be written or executed and not read can be written from;
// Linux takes it where it is mapped already alone (mm/gup.c check_vma_flags()). Differs from Linux:
// a write that fails leaves no old page of the file in the cache that it itself brought in.
#include <algorithm>
#include <cstring>
#include <vector>

#include "sim/proc/files.h"

namespace faultline::proc {

using cache::Backing;
using cache::OpenFile;
using cache::PgoffRange;

namespace {

// Where, how much, and from or to what address: all have to be multiples of the disk's sector.
constexpr uint64_t kSectorBytes = 512;

PgoffRange pages_of(PageSize page_size, Files::Extent extent) {
  const uint64_t first = page_size.pages(extent.offset_bytes);
  const uint64_t end =
      page_size.pages(page_size.align_up(extent.offset_bytes + extent.length_bytes));
  return {first, end - first};
}

// The pages of the file from one byte on that are data, or room kept or promised for it, or holes:
// the disk is asked for a run of pages at once, which has to begin and end with a sector.
struct Run {
  bool data = false;
  bool promised = false;
  uint64_t end_bytes = 0;
};

Run run_at(const Backing& backing, uint64_t offset_bytes, uint64_t end_bytes) {
  const storage::SimFile& file = backing.file();
  const uint8_t shift = file.page_size().shift;
  uint64_t pgoff = offset_bytes >> shift;
  const bool data = file.has_page(pgoff);
  const bool room = file.reserved(pgoff);
  const bool promised = file.promised(pgoff);
  while ((pgoff << shift) < end_bytes && file.has_page(pgoff) == data &&
         (data || (file.reserved(pgoff) == room && file.promised(pgoff) == promised)))
    ++pgoff;
  return {data, promised, std::min(pgoff << shift, end_bytes)};
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
    const Run run = run_at(*backing, at, end_bytes);
    const Part part{at - extent.offset_bytes, run.end_bytes - at};
    // After a run that was refused only holes are still filled.
    if ((run.data || run.promised) && misaligned) return Errno::kEINVAL;
    // What is promised still has not been written: a failed write left it past the end. Source:
    // Linux fs/iomap/direct-io.c iomap_dio_iter(), IOMAP_DELALLOC.
    if (run.promised) return Errno::kEIO;
    if (run.data && (at | part.length_bytes) % kSectorBytes != 0) return Errno::kEINVAL;
    if (run.data && !sink.sectors_ok(part, kSectorBytes)) {
      // Memory is looked at once it has been faulted in, and holes behind it are filled all the
      // same. Source: Linux fs/iomap/direct-io.c iomap_dio_bio_iter(), block/blk-merge.c.
      if (!sink.fault_in_place(part.length_bytes))
        return misaligned ? Errno::kEINVAL : Errno::kEFAULT;
      sink.skip(part.length_bytes);
      misaligned = true;
      at = run.end_bytes;
      continue;
    }
    while (at < run.end_bytes) {
      const uint64_t in_page = at & page_size.offset_mask();
      const uint64_t count = std::min(page_size.bytes() - in_page, run.end_bytes - at);
      backing->file().read_page(page_size.pages(at), page);
      if (run.data) parts_.disk.count_read();
      if (sink.take(std::span(page).subspan(in_page, count)) < count)
        return misaligned ? Errno::kEINVAL : Errno::kEFAULT;
      at += count;
    }
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
  parts_.cache.invalidate(*backing, pages, call.gather);
  // A block that was to be filled up with zeros is left to the page cache, where the write fails
  // in its own way. Source: Linux fs/ext4/file.c ext4_dio_write_iter(); measured, 6.18.
  const Result<uint64_t> done = write_runs(*backing, extent, source);
  if (done.ok() && *done == 0 && extent.length_bytes != 0)
    return write_at(file, extent, source, call);
  // What the source's own faults have brought in meanwhile is old.
  parts_.cache.invalidate(*backing, pages, call.gather);
  // What was written within the file stays written; it does not grow, and its last page is cut
  // anew. Source: Linux fs/ext4/file.c ext4_inode_extension_cleanup().
  if (!done.ok() && extent.offset_bytes + extent.length_bytes > old_bytes)
    parts_.cache.truncate(*backing, old_bytes, call.frames, call.gather);
  return done;
}

// All or nothing, but for 0: the page cache is to write.
Result<uint64_t> Files::write_runs(Backing& backing, Extent extent, WriteSource& source) {
  const uint64_t end_bytes = extent.offset_bytes + extent.length_bytes;
  for (uint64_t at = extent.offset_bytes; at < end_bytes;) {
    const Run run = run_at(backing, at, end_bytes);
    const Part part{at - extent.offset_bytes, run.end_bytes - at};
    if ((at | part.length_bytes) % kSectorBytes != 0) return Errno::kEINVAL;
    if (!source.sectors_ok(part, kSectorBytes))
      return source.fault_in(part.length_bytes) ? Errno::kEINVAL : Errno::kEFAULT;
    while (at < run.end_bytes) {
      const uint64_t given = write_page(backing, at, run.end_bytes, source);
      if (given == 0) {
        const bool fills_up = at % parts_.frames.page_size().bytes() != 0 && !run.data;
        if (at == extent.offset_bytes && fills_up) return uint64_t{0};
        return Errno::kEFAULT;
      }
      at += given;
    }
  }
  return extent.length_bytes;
}

// The part of one page up to `end_bytes`; 0: not all of it could be had.
uint64_t Files::write_page(Backing& backing, uint64_t at, uint64_t end_bytes, WriteSource& source) {
  const PageSize page_size = parts_.frames.page_size();
  const uint64_t in_page = at & page_size.offset_mask();
  const uint64_t pgoff = page_size.pages(at);
  std::vector<std::byte> piece(std::min(page_size.bytes() - in_page, end_bytes - at));
  if (source.give(piece) < piece.size()) return 0;
  std::vector<std::byte> page(page_size.bytes());
  backing.file().read_page(pgoff, page);
  std::memcpy(page.data() + in_page, piece.data(), piece.size());
  parts_.cache.extend(backing, std::max(backing.size_bytes(), at + piece.size()));
  backing.file().write_page(pgoff, page);
  parts_.disk.count_write();
  return piece.size();
}

}  // namespace faultline::proc
