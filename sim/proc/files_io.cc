// read(2), write(2), and where the next of them goes. Linux fs/read_write.c, mm/filemap.c
// filemap_read() and generic_perform_write().
#include <algorithm>
#include <optional>
#include <vector>

#include "faultline/linux.h"
#include "sim/cache/pinned_page.h"
#include "sim/proc/files.h"

namespace faultline::proc {

using cache::Backing;
using cache::OpenFile;

namespace {

// The length that the call may have. Source: Linux fs/read_write.c rw_verify_area().
Result<uint64_t> check_extent(Files::Extent extent) {
  if (static_cast<int64_t>(extent.length_bytes) < 0) return Errno::kEINVAL;
  if (static_cast<int64_t>(extent.offset_bytes + extent.length_bytes) < 0) return Errno::kEINVAL;
  return std::min(extent.length_bytes, kReadWriteMax);
}

// How many bytes may be written there. Errors: kEFBIG (none).
// Source: Linux fs/read_write.c generic_write_check_limits(), which takes the limit as signed.
Result<uint64_t> check_write_limits(const Backing& backing, Files::Extent extent,
                                    const FileCall& call) {
  const auto position = static_cast<int64_t>(extent.offset_bytes);
  const bool limited = call.size_bytes_max != linux_abi::kRLIM_INFINITY;
  if (limited && position >= static_cast<int64_t>(call.size_bytes_max)) return Errno::kEFBIG;
  const uint64_t end_bytes = std::min(call.size_bytes_max, backing.file().size_bytes_max());
  if (extent.offset_bytes >= end_bytes) return Errno::kEFBIG;
  return std::min(extent.length_bytes, end_bytes - extent.offset_bytes);
}

}  // namespace

Result<uint64_t> Files::checked_read(OpenFile& file, Extent extent, ReadSink& sink,
                                     const FileCall& call) {
  if (!file.readable) return Errno::kEBADF;
  if (!sink.address_ok(extent.length_bytes)) return Errno::kEFAULT;
  const Result<uint64_t> length_bytes = check_extent(extent);
  if (!length_bytes.ok()) return length_bytes;
  if (file.directory) return Errno::kEISDIR;
  const Extent wanted{extent.offset_bytes, *length_bytes};
  return file.direct ? read_direct(file, wanted, sink, call) : read_at(file, wanted, sink, call);
}

Result<void> Files::check_readable(uint64_t fd) const {
  const Result<Open> file = get(fd);
  if (!file.ok()) return file.error();
  return (*file)->readable ? Result<void>() : Errno::kEBADF;
}

Result<void> Files::check_writable(uint64_t fd) const {
  const Result<Open> file = get(fd);
  if (!file.ok()) return file.error();
  return (*file)->writable ? Result<void>() : Errno::kEBADF;
}

Result<uint64_t> Files::read(uint64_t fd, uint64_t length_bytes, ReadSink& sink,
                             const FileCall& call) {
  const Result<Open> file = get(fd);
  if (!file.ok()) return file.error();
  OpenFile& open = **file;
  const Result<uint64_t> done = checked_read(open, {open.position_bytes, length_bytes}, sink, call);
  if (done.ok()) open.position_bytes += *done;
  return done;
}

Result<uint64_t> Files::pread(uint64_t fd, Extent extent, ReadSink& sink, const FileCall& call) {
  if (static_cast<int64_t>(extent.offset_bytes) < 0) return Errno::kEINVAL;
  const Result<Open> file = get(fd);
  if (!file.ok()) return file.error();
  return checked_read(**file, extent, sink, call);
}

Result<uint64_t> Files::read_at(OpenFile& file, Extent extent, ReadSink& sink,
                                const FileCall& call) {
  // The file may not go while the sink faults.
  const std::shared_ptr<Backing> backing = file.backing;
  const PageSize page_size = parts_.frames.page_size();
  const uint64_t end_pgoff =
      page_size.pages(page_size.align_up(extent.offset_bytes + extent.length_bytes));
  uint64_t done = 0;
  bool found_a_page = false;
  uint64_t looked_at_end = 0;
  while (done < extent.length_bytes && extent.offset_bytes + done < backing->size_bytes()) {
    const uint64_t offset_bytes = extent.offset_bytes + done;
    const uint64_t in_page = offset_bytes & page_size.offset_mask();
    const uint64_t pgoff = page_size.pages(offset_bytes);
    const uint64_t count = std::min({page_size.bytes() - in_page, extent.length_bytes - done,
                                     backing->size_bytes() - offset_bytes});
    const bool looked_at = pgoff < looked_at_end;
    const auto page =
        looked_at ? parts_.cache.get_or_read_page(*backing, pgoff, call.frames)
                  : parts_.cache.read_for_read(file, {pgoff, end_pgoff - pgoff}, call.frames);
    if (!page) {
      if (done == 0) return Errno::kENOMEM;
      break;
    }
    const cache::PinnedPage pin(parts_.allocator, page->pfn);
    // What had to be waited for is copied before more is looked at; a hole had not.
    const bool waited = page->dropped_lock && !page->underway.begun;
    if (!looked_at && !waited && backing->write_notify())
      looked_at_end =
          parts_.cache.look_ahead(file, {pgoff + 1, end_pgoff - pgoff - 1}, call.frames);
    const uint64_t taken = sink.take(parts_.frames.bytes(page->pfn).subspan(in_page, count));
    done += taken;
    found_a_page = true;
    if (taken < count) break;
  }
  // In the end, and also where nothing could be copied. Source: Linux mm/filemap.c filemap_read().
  if (found_a_page) file.readahead.note_read(extent.offset_bytes + done);
  if (found_a_page && done == 0) return Errno::kEFAULT;
  return done;
}

// Where and how much was written: with O_APPEND that is not where it was asked for.
Result<Files::Extent> Files::checked_write(OpenFile& file, Extent extent, WriteSource& source,
                                           const FileCall& call) {
  if (!file.writable) return Errno::kEBADF;
  if (!source.address_ok(extent.length_bytes)) return Errno::kEFAULT;
  const Result<uint64_t> length_bytes = check_extent(extent);
  if (!length_bytes.ok()) return length_bytes.error();
  if (*length_bytes == 0) return Extent{extent.offset_bytes, 0};
  // Source: Linux fs/read_write.c generic_write_checks().
  const uint64_t offset_bytes = file.append ? file.backing->size_bytes() : extent.offset_bytes;
  const Result<uint64_t> fitting =
      check_write_limits(*file.backing, {offset_bytes, *length_bytes}, call);
  if (!fitting.ok()) return fitting.error();
  const Extent allowed{offset_bytes, *fitting};
  const Result<uint64_t> done = file.direct ? write_direct(file, allowed, source, call)
                                            : write_at(file, allowed, source, call);
  if (!done.ok()) return done.error();
  return Extent{offset_bytes, *done};
}

Result<uint64_t> Files::write(uint64_t fd, uint64_t length_bytes, WriteSource& source,
                              const FileCall& call) {
  const Result<Open> file = get(fd);
  if (!file.ok()) return file.error();
  OpenFile& open = **file;
  const Result<Extent> done =
      checked_write(open, {open.position_bytes, length_bytes}, source, call);
  if (!done.ok()) return done.error();
  open.position_bytes = done->offset_bytes + done->length_bytes;
  return done->length_bytes;
}

Result<uint64_t> Files::pwrite(uint64_t fd, Extent extent, WriteSource& source,
                               const FileCall& call) {
  if (static_cast<int64_t>(extent.offset_bytes) < 0) return Errno::kEINVAL;
  const Result<Open> file = get(fd);
  if (!file.ok()) return file.error();
  const Result<Extent> done = checked_write(**file, extent, source, call);
  if (!done.ok()) return done.error();
  return done->length_bytes;
}

// The bytes of a part of one page, which stays where it is while they are faulted in.
uint64_t Files::give_pinned(const Backing& backing, cache::ByteRange part,
                            std::span<std::byte> piece, WriteSource& source) {
  const uint64_t pgoff = parts_.frames.page_size().pages(part.first);
  const cache::PinnedPage pin(parts_.allocator, parts_.cache.find(backing, pgoff));
  return source.give(piece);
}

// The same bytes where the source may be these very pages, as a mapping of the file: they are
// copied in ascending order, and what has been copied is read again. Leaves the pages as they were.
uint64_t Files::give_in_place(const Backing& backing, cache::ByteRange part,
                              std::span<std::byte> piece, WriteSource& source) {
  const PageSize page_size = parts_.frames.page_size();
  std::vector<std::byte> before(piece.size());
  const auto for_each_page = [&](uint64_t count, auto use) {
    for (uint64_t done = 0; done < count;) {
      const uint64_t at = part.first + done;
      const uint64_t in_page = at & page_size.offset_mask();
      const uint64_t length = std::min(page_size.bytes() - in_page, count - done);
      const Pfn pfn = parts_.cache.find(backing, page_size.pages(at));
      if (!use(parts_.frames.writable_bytes(pfn).subspan(in_page, length), done)) return;
      done += length;
    }
  };
  uint64_t given = 0;
  for_each_page(piece.size(), [&](std::span<std::byte> page, uint64_t done) {
    std::copy(page.begin(), page.end(), &before[done]);
    const uint64_t count = source.give_mapped(page);
    std::copy_n(page.begin(), count, &piece[done]);
    given += count;
    return count == page.size();
  });
  for_each_page(given, [&](std::span<std::byte> page, uint64_t done) {
    std::copy_n(&before[done], page.size(), page.begin());
    return true;
  });
  return given;
}

// Whether a page of the part is mapped, so that the source may be what it is written to.
bool Files::mapped(const Backing& backing, cache::ByteRange part) const {
  if (parts_.frames.contents() == Contents::kNone) return false;
  const PageSize page_size = parts_.frames.page_size();
  const uint64_t end = page_size.pages(page_size.align_up(part.end()));
  for (uint64_t pgoff = page_size.pages(part.first); pgoff < end; ++pgoff)
    if (parts_.frames[parts_.cache.find(backing, pgoff)].mapcount > 0) return true;
  return false;
}

// The page cache makes a folio for what is to come and lets the file reach up to it before it asks
// for the bytes: they may lie there, or not come at all. What is not mapped at its source is
// faulted in when nothing could be copied. Source: Linux mm/filemap.c
// generic_perform_write(), 6.18.
Result<uint64_t> Files::write_at(OpenFile& file, Extent extent, WriteSource& source,
                                 const FileCall& call) {
  // The file may not go while the source faults.
  const std::shared_ptr<Backing> backing = file.backing;
  const PageSize page_size = parts_.frames.page_size();
  uint64_t chunk_bytes = cache::folio_bytes_max(*backing);
  std::vector<std::byte> piece;
  std::optional<Errno> error;
  uint64_t rejected = 0;  // bytes that came and were too few
  uint64_t tries = 0;     // in which none came
  uint64_t done = 0;
  while (done < extent.length_bytes && !error) {
    const uint64_t offset_bytes = extent.offset_bytes + done;
    // Memory may be too small to hold all of a piece at once: then page by page.
    const bool by_page = tries > 1;
    const uint64_t unit_bytes = by_page ? page_size.bytes() : chunk_bytes;
    const uint64_t room_bytes = unit_bytes - (offset_bytes & (unit_bytes - 1));
    const uint64_t wanted = rejected != 0 ? rejected : extent.length_bytes - done;
    parts_.cache.prepare_write_at(*backing, offset_bytes, call.frames);
    const auto part = parts_.cache.begin_write(
        *backing, {offset_bytes, std::min(wanted, room_bytes)}, call.frames);
    if (!part) {
      error = Errno::kENOMEM;
      break;
    }
    piece.resize(part->count);
    const uint64_t given = by_page                   ? give_pinned(*backing, *part, piece, source)
                           : mapped(*backing, *part) ? give_in_place(*backing, *part, piece, source)
                                                     : source.give_mapped(piece);
    const uint64_t taken = parts_.cache.end_write(*backing, *part, std::span(piece).first(given));
    source.take_back(given - taken);
    done += taken;
    rejected = given - taken;
    if (taken != 0) {
      tries = 0;
      continue;
    }
    chunk_bytes = std::max(chunk_bytes / 2, page_size.bytes());
    if (rejected != 0) continue;
    if (by_page || source.fault_in(part->count) == 0) error = Errno::kEFAULT;
    ++tries;
  }
  if (done == 0 && error) return *error;
  if (file.sync && done > 0) {
    const uint64_t first = page_size.pages(extent.offset_bytes);
    const uint64_t last = page_size.pages(extent.offset_bytes + done - 1);
    parts_.cache.write_back(*backing, {first, last - first + 1}, call.gather);
  }
  return done;
}

}  // namespace faultline::proc
