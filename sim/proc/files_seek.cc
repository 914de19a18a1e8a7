// lseek(2). Linux fs/read_write.c generic_file_llseek_size(), mm/filemap.c
// mapping_seek_hole_data(), fs/ext4/file.c ext4_llseek().
#include <algorithm>
#include <optional>

#include "faultline/linux.h"
#include "sim/proc/files.h"

namespace faultline::proc {

using cache::Backing;
using cache::OpenFile;

namespace {

constexpr uint64_t kPositionMax = (uint64_t{1} << 63) - 1;
constexpr uint64_t kNowhere = ~uint64_t{0};

// Of the pages that the disk keeps room for the first that is in memory. Source: Linux mm/filemap.c
// folio_seek_hole_data(), which looks at the blocks of a folio that is not up to date.
std::optional<uint64_t> first_reserved_from(const cache::PageCache& cache, const Backing& backing,
                                            uint64_t pgoff) {
  for (auto room = backing.file().next_reserved(pgoff); room;
       room = backing.file().next_reserved(room->end)) {
    for (auto page = backing.pages().first_from(room->first); page && page->pgoff < room->end;
         page = backing.pages().first_from(page->pgoff + 1)) {
      if (cache.block_uptodate(backing, page->pgoff)) return page->pgoff;
    }
  }
  return std::nullopt;
}

// The first page at or behind `pgoff` that holds data: on the disk or promised to be; on tmpfs
// every page that exists.
std::optional<uint64_t> first_data_from(const cache::PageCache& cache, const Backing& backing,
                                        uint64_t pgoff) {
  uint64_t first = kNowhere;
  if (backing.write_notify()) {
    if (const auto promised = backing.file().next_promised(pgoff)) first = promised->first;
  } else if (const auto cached = backing.pages().first_from(pgoff)) {
    first = cached->pgoff;
  }
  first = std::min(first, backing.file().first_page_from(pgoff).value_or(kNowhere));
  first = std::min(first, first_reserved_from(cache, backing, pgoff).value_or(kNowhere));
  return first == kNowhere ? std::nullopt : std::optional(first);
}

// Differs from Linux: the hole behind the last page that there can be is at the end of the file;
// there its position wraps to -2^63.
Result<uint64_t> seek_data_or_hole(const cache::PageCache& cache, const Backing& backing,
                                   uint64_t offset_bytes, uint64_t whence) {
  const PageSize page_size = backing.file().page_size();
  if (offset_bytes >= backing.size_bytes()) return Errno::kENXIO;
  uint64_t pgoff = page_size.pages(offset_bytes);
  if (whence == linux_abi::kSEEK_DATA) {
    const std::optional<uint64_t> data = first_data_from(cache, backing, pgoff);
    // The last page that there can be is never found: the position behind it is no position.
    const bool last_of_all = data == kPositionMax >> page_size.shift;
    if (!data || last_of_all || *data >= backing.page_count()) return Errno::kENXIO;
    return std::max(offset_bytes, *data << page_size.shift);
  }
  while (pgoff < backing.page_count() && first_data_from(cache, backing, pgoff) == pgoff) ++pgoff;
  return std::min(std::max(offset_bytes, pgoff << page_size.shift), backing.size_bytes());
}

}  // namespace

Result<uint64_t> Files::lseek(uint64_t fd, uint64_t offset_bytes, uint64_t whence) {
  const Result<Open> found = get(fd);
  if (!found.ok()) return found.error();
  OpenFile& file = **found;
  whence &= 0xffffffff;
  if (whence > linux_abi::kSEEK_HOLE) return Errno::kEINVAL;
  const bool tmpfs_directory = file.directory && storage::Disk::on_tmpfs(file.path + "/");
  // ext4 says of a directory that it ends at the last position there is; tmpfs has no end of one.
  const uint64_t size_bytes = file.directory ? kPositionMax : file.backing->size_bytes();
  if (tmpfs_directory && whence >= linux_abi::kSEEK_END) return Errno::kEINVAL;
  uint64_t position_bytes = offset_bytes;
  if (whence == linux_abi::kSEEK_CUR) position_bytes += file.position_bytes;
  if (whence == linux_abi::kSEEK_END) position_bytes += size_bytes;
  if (whence >= linux_abi::kSEEK_DATA) {
    // Differs from Linux: ext4 takes these for directories too.
    if (file.directory) return Errno::kEINVAL;
    const Result<uint64_t> place =
        seek_data_or_hole(parts_.cache, *file.backing, offset_bytes, whence);
    if (!place.ok()) return place;
    position_bytes = *place;
  }
  const uint64_t limit_bytes =
      file.directory ? kPositionMax : file.backing->file().size_bytes_max();
  if (position_bytes > limit_bytes) return Errno::kEINVAL;
  file.position_bytes = position_bytes;
  return position_bytes;
}

}  // namespace faultline::proc
