// fallocate(2). Linux fs/open.c vfs_fallocate(), fs/ext4/extents.c ext4_fallocate(), mm/shmem.c
// shmem_fallocate(); errors and their order as measured on ext4 and tmpfs, 6.18.
#include "faultline/linux.h"
#include "sim/proc/files.h"

namespace faultline::proc {

using cache::Backing;

namespace {

constexpr uint32_t kKeepSize = linux_abi::kFALLOC_FL_KEEP_SIZE;
constexpr uint32_t kPunchHole = linux_abi::kFALLOC_FL_PUNCH_HOLE;
constexpr uint32_t kCollapse = linux_abi::kFALLOC_FL_COLLAPSE_RANGE;
constexpr uint32_t kZero = linux_abi::kFALLOC_FL_ZERO_RANGE;
constexpr uint32_t kInsert = linux_abi::kFALLOC_FL_INSERT_RANGE;
constexpr uint32_t kUnshare = linux_abi::kFALLOC_FL_UNSHARE_RANGE;
constexpr uint32_t kWriteZeroes = 0x80;

// What no file system is asked about. Source: Linux fs/open.c vfs_fallocate().
bool mode_exists(uint32_t mode) {
  switch (mode & ~kKeepSize) {
    case 0:
    case kUnshare:
    case kZero:
      return true;
    case kPunchHole:
      return (mode & kKeepSize) != 0;
    case kCollapse:
    case kInsert:
    case kWriteZeroes:
      return (mode & kKeepSize) == 0;
    default:
      return false;
  }
}

bool file_system_has(const Backing& backing, uint32_t mode) {
  const uint32_t disk = kKeepSize | kPunchHole | kCollapse | kZero | kInsert;
  return (mode & ~(backing.write_notify() ? disk : kKeepSize | kPunchHole)) == 0;
}

// The pages of a range that has to begin and end with a block. Errors: kEINVAL, kEFBIG.
Result<cache::PgoffRange> plan_move(const Backing& backing, cache::ByteRange range, uint32_t mode) {
  const PageSize page_size = backing.file().page_size();
  if (!page_size.aligned(range.first) || !page_size.aligned(range.count)) return Errno::kEINVAL;
  const uint64_t size_bytes = backing.size_bytes();
  if (mode == kCollapse && range.end() >= size_bytes) return Errno::kEINVAL;
  if (mode == kInsert && range.first >= size_bytes) return Errno::kEINVAL;
  if (mode == kInsert && range.count > backing.file().size_bytes_max() - size_bytes)
    return Errno::kEFBIG;
  return cache::PgoffRange{page_size.pages(range.first), page_size.pages(range.count)};
}

}  // namespace

Result<void> Files::fallocate(uint64_t fd, uint64_t mode, Extent extent, const FileCall& call) {
  const Result<Open> found = get(fd);
  if (!found.ok()) return found.error();
  if (static_cast<int64_t>(extent.offset_bytes) < 0) return Errno::kEINVAL;
  if (static_cast<int64_t>(extent.length_bytes) <= 0) return Errno::kEINVAL;
  const auto bits = static_cast<uint32_t>(mode);
  if (!mode_exists(bits)) return Errno::kEOPNOTSUPP;
  const cache::OpenFile& file = **found;
  if (!file.writable) return Errno::kEBADF;
  Backing& backing = *file.backing;
  const cache::ByteRange range{extent.offset_bytes, extent.length_bytes};
  // Both are below 2^63.
  if (range.end() > backing.file().size_bytes_max()) return Errno::kEFBIG;
  if (!file_system_has(backing, bits)) return Errno::kEOPNOTSUPP;
  const uint32_t operation = bits & ~kKeepSize;
  if (operation == kCollapse || operation == kInsert) {
    const Result<cache::PgoffRange> pages = plan_move(backing, range, operation);
    if (!pages.ok()) return pages.error();
    const auto move =
        operation == kCollapse ? &cache::PageCache::collapse : &cache::PageCache::insert_hole;
    (parts_.cache.*move)(backing, *pages, call.gather);
    return {};
  }
  if (operation == kPunchHole) {
    parts_.cache.punch_bytes(backing, range, call.frames, call.gather);
    return {};
  }
  const bool keeps_size = (bits & kKeepSize) != 0;
  // tmpfs asks even where the size stays. Source: Linux mm/shmem.c shmem_fallocate().
  if (!keeps_size || !backing.write_notify()) {
    const Result<void> checked = check_new_size(backing, range.end(), call);
    if (!checked.ok()) return checked;
  }
  const bool on_small_tmpfs = storage::Disk::on_tmpfs(file.path);
  if (!backing.write_notify() && range.count > (on_small_tmpfs ? kTmpfsBytesMax : kMemfdBytesMax))
    return Errno::kENOSPC;
  const PageSize page_size = parts_.frames.page_size();
  // Whole pages are given up before the file grows, and the tail of what was its last page is set
  // to zero after that; with parts of pages the file grows first. Source: Linux fs/ext4/extents.c
  // ext4_zero_range(), 6.18.
  const bool whole_pages = ((range.first | range.end()) & page_size.offset_mask()) == 0;
  if (operation == kZero && whole_pages)
    parts_.cache.zero_bytes(backing, range, call.frames, call.gather);
  if (!keeps_size) parts_.cache.allocate_to(backing, range.end(), call.frames);
  if (operation == kZero && !whole_pages)
    parts_.cache.zero_bytes(backing, range, call.frames, call.gather);
  const uint64_t first = page_size.pages(range.first);
  const uint64_t count = page_size.pages(page_size.align_up(range.end())) - first;
  parts_.cache.reserve(backing, {first, count}, call.frames);
  return {};
}

}  // namespace faultline::proc
