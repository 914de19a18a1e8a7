// read(2), write(2), and where the next of them goes. Linux fs/read_write.c, mm/filemap.c
// filemap_read() and generic_perform_write().
#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "faultline/linux.h"
#include "sim/cache/pinned_page.h"
#include "sim/proc/files.h"

namespace faultline::proc {

using cache::Backing;
using cache::OpenFile;
using cache::PageCache;

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
  while (done < extent.length_bytes && extent.offset_bytes + done < backing->size_bytes()) {
    const uint64_t offset_bytes = extent.offset_bytes + done;
    const uint64_t in_page = offset_bytes & page_size.offset_mask();
    const uint64_t pgoff = page_size.pages(offset_bytes);
    const uint64_t count = std::min({page_size.bytes() - in_page, extent.length_bytes - done,
                                     backing->size_bytes() - offset_bytes});
    const auto page = parts_.cache.read_for_read(file, {pgoff, end_pgoff - pgoff}, call.frames);
    if (!page) {
      if (done == 0) return Errno::kENOMEM;
      break;
    }
    const cache::PinnedPage pin(parts_.allocator, page->pfn);
    const uint64_t taken = sink.take(parts_.frames.bytes(page->pfn).subspan(in_page, count));
    done += taken;
    if (taken == count) continue;
    if (done == 0) return Errno::kEFAULT;
    break;
  }
  if (done > 0) file.readahead.note_read(extent.offset_bytes + done);
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

Result<uint64_t> Files::write_at(OpenFile& file, Extent extent, WriteSource& source,
                                 const FileCall& call) {
  // The file may not go while the source faults.
  const std::shared_ptr<Backing> backing = file.backing;
  const PageSize page_size = parts_.frames.page_size();
  std::vector<std::byte> piece(page_size.bytes());
  std::optional<Errno> error;
  uint64_t done = 0;
  while (done < extent.length_bytes && !error) {
    const uint64_t offset_bytes = extent.offset_bytes + done;
    const uint64_t in_page = offset_bytes & page_size.offset_mask();
    const uint64_t count = std::min(page_size.bytes() - in_page, extent.length_bytes - done);
    begin_write(*backing, {offset_bytes, count}, call);
    // A fault of the source may need the very page that is written.
    const uint64_t given = source.give_mapped(std::span(piece).first(count));
    if (given == 0) {
      error = Errno::kEFAULT;
      break;
    }
    // Fewer than asked for: what comes next may lie where the file reaches only now.
    const Result<void> written =
        write_piece(*backing, offset_bytes, std::span(piece).first(given), call);
    if (!written.ok()) {
      error = written.error();
      break;
    }
    done += given;
  }
  if (done == 0 && error) return *error;
  if (file.sync && done > 0) {
    const uint64_t first = page_size.pages(extent.offset_bytes);
    const uint64_t last = page_size.pages(extent.offset_bytes + done - 1);
    parts_.cache.write_back(*backing, {first, last - first + 1}, call.gather);
  }
  return done;
}

// Linux makes the page and lets the file reach up to it before it asks for the bytes: they may lie
// there, or not come at all. Source: Linux mm/filemap.c generic_perform_write(); fs/ext4/inode.c
// ext4_da_do_write_end(), mm/shmem.c shmem_write_end(), 6.18.
void Files::begin_write(Backing& backing, Extent extent, const FileCall& call) {
  const PageSize page_size = parts_.frames.page_size();
  const uint64_t pgoff = page_size.pages(extent.offset_bytes);
  if (extent.offset_bytes > backing.size_bytes()) {
    parts_.cache.prepare_write_at(backing, extent.offset_bytes, call.frames);
    parts_.cache.extend(backing, extent.offset_bytes);
  }
  // Beyond the end ext4 gives the page up again; on tmpfs it stays.
  if (pgoff >= backing.page_count() && backing.write_notify()) return;
  const bool from_start = page_size.aligned(extent.offset_bytes);
  const bool stored = parts_.cache.find(backing, pgoff) != kNoPfn || backing.file().has_page(pgoff);
  if (!from_start || !stored || !backing.write_notify()) {
    (void)write_piece(backing, extent.offset_bytes, {}, call);
  } else if (extent.length_bytes < page_size.bytes()) {
    // To write the start of it alone, the page was read.
    (void)parts_.cache.get_or_read_page(backing, pgoff, call.frames);
  }
}

Result<void> Files::write_piece(Backing& backing, uint64_t offset_bytes,
                                std::span<const std::byte> piece, const FileCall& call) {
  const PageSize page_size = parts_.frames.page_size();
  const uint64_t pgoff = page_size.pages(offset_bytes);
  const auto overwrite = piece.size() == page_size.bytes() ? PageCache::Overwrite::kWhole
                                                           : PageCache::Overwrite::kPart;
  parts_.cache.prepare_write_at(backing, offset_bytes, call.frames);
  const auto page = parts_.cache.get_page_to_write(backing, pgoff, overwrite, call.frames);
  if (!page) return Errno::kENOMEM;
  // Nothing below can fail.
  const std::span<std::byte> bytes = parts_.frames.writable_bytes(page->pfn);
  if (!bytes.empty()) {
    const uint64_t in_page = offset_bytes & page_size.offset_mask();
    if (!piece.empty()) std::memcpy(bytes.data() + in_page, piece.data(), piece.size());
  }
  const uint64_t end_bytes = offset_bytes + piece.size();
  parts_.cache.extend(backing, std::max(backing.size_bytes(), end_bytes));
  parts_.cache.mark_dirty(backing, pgoff);
  return {};
}

}  // namespace faultline::proc
