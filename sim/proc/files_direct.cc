// read(2) and write(2) of files opened with O_DIRECT: between the disk and the caller's memory,
// past the page cache, which is made to agree. Linux fs/iomap/direct-io.c, mm/filemap.c
// kiocb_invalidate_pages(); measured on ext4, 6.18.
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

// Whether the disk can read all that the file has there: a run of pages that are no holes goes to
// the disk as one, and has to begin and end with a sector. Source: Linux fs/iomap/direct-io.c
// iomap_dio_bio_iter(), iomap_dio_hole_iter().
bool can_read(const Backing& backing, Files::Extent extent, const ReadSink& sink) {
  const PageSize page_size = backing.file().page_size();
  const uint64_t end_bytes = extent.offset_bytes + extent.length_bytes;
  for (uint64_t at = extent.offset_bytes; at < end_bytes;) {
    uint64_t pgoff = page_size.pages(at);
    const bool data = backing.file().has_page(pgoff);
    while ((pgoff << page_size.shift) < end_bytes && backing.file().has_page(pgoff) == data)
      ++pgoff;
    const uint64_t run_end = std::min(pgoff << page_size.shift, end_bytes);
    const Part part{at - extent.offset_bytes, run_end - at};
    at = run_end;
    if (!data) continue;
    if ((run_end | part.length_bytes) % kSectorBytes != 0) return false;
    if (!sink.sectors_ok(part, kSectorBytes)) return false;
  }
  return true;
}

}  // namespace

// What cannot be copied fails the whole, though some bytes were.
Result<uint64_t> Files::read_direct(OpenFile& file, Extent extent, ReadSink& sink,
                                    const FileCall& call) {
  // The file may not go while the sink faults.
  const std::shared_ptr<Backing> backing = file.backing;
  const PageSize page_size = parts_.frames.page_size();
  if (extent.length_bytes == 0 || extent.offset_bytes >= backing->size_bytes()) return uint64_t{0};
  parts_.cache.write_back(*backing, pages_of(page_size, extent), call.gather);
  if (!can_read(*backing, extent, sink)) return Errno::kEINVAL;
  const uint64_t wanted =
      std::min(extent.length_bytes, backing->size_bytes() - extent.offset_bytes);
  std::vector<std::byte> page(page_size.bytes());
  uint64_t done = 0;
  while (done < wanted) {
    const uint64_t offset_bytes = extent.offset_bytes + done;
    const uint64_t in_page = offset_bytes & page_size.offset_mask();
    const uint64_t count = std::min(page_size.bytes() - in_page, wanted - done);
    backing->file().read_page(page_size.pages(offset_bytes), page);
    parts_.disk.count_read();
    if (sink.take(std::span(page).subspan(in_page, count)) < count) return Errno::kEFAULT;
    done += count;
  }
  return done;
}

// A page that is not written to stays as it is, also the last one when the file grows beyond it:
// what a mapping stored past the end shows then, unlike after a write through the cache. Measured.
Result<uint64_t> Files::write_direct(OpenFile& file, Extent extent, WriteSource& source,
                                     const FileCall& call) {
  const std::shared_ptr<Backing> backing = file.backing;
  const PageSize page_size = parts_.frames.page_size();
  const uint64_t old_bytes = backing->size_bytes();
  const PgoffRange pages = pages_of(page_size, extent);
  parts_.cache.write_back(*backing, pages, call.gather);
  parts_.cache.invalidate(*backing, pages, call.gather);
  if ((extent.offset_bytes | extent.length_bytes) % kSectorBytes != 0) return Errno::kEINVAL;
  if (!source.sectors_ok({0, extent.length_bytes}, kSectorBytes)) return Errno::kEINVAL;
  std::vector<std::byte> page(page_size.bytes());
  uint64_t done = 0;
  while (done < extent.length_bytes) {
    const uint64_t offset_bytes = extent.offset_bytes + done;
    const uint64_t in_page = offset_bytes & page_size.offset_mask();
    const uint64_t pgoff = page_size.pages(offset_bytes);
    const uint64_t count = std::min(page_size.bytes() - in_page, extent.length_bytes - done);
    std::vector<std::byte> piece(count);
    const uint64_t given = source.give(piece);
    // A block that was to be filled up with zeros is left to the page cache, where the write fails
    // in its own way. Source: Linux fs/ext4/file.c ext4_dio_write_iter(); measured, 6.18.
    if (given == 0 && done == 0 && in_page != 0 && !backing->file().has_page(pgoff))
      return write_at(file, extent, source, call);
    if (given < count) break;
    backing->file().read_page(pgoff, page);
    std::memcpy(page.data() + in_page, piece.data(), count);
    parts_.cache.extend(*backing, std::max(backing->size_bytes(), offset_bytes + count));
    backing->file().write_page(pgoff, page);
    parts_.disk.count_write();
    done += count;
  }
  // What the source's own faults have brought in meanwhile is old.
  parts_.cache.invalidate(*backing, pages, call.gather);
  if (done == extent.length_bytes) return done;
  // What was written within the file stays written; it does not grow.
  if (backing->size_bytes() > old_bytes)
    parts_.cache.truncate(*backing, old_bytes, call.frames, call.gather);
  return Errno::kEFAULT;
}

}  // namespace faultline::proc
