// The calls by path. Linux fs/namei.c, fs/open.c.
#include <utility>

#include "faultline/linux.h"
#include "sim/proc/files.h"

namespace faultline::proc {

using cache::OpenFile;
using storage::Disk;

namespace {

constexpr uint64_t kTmpfileBit = 0x400000;  // __O_TMPFILE, the bit of O_TMPFILE that is its own
constexpr uint32_t kMayRead = 0400;
constexpr uint32_t kMayWrite = 0200;

bool has(uint64_t flags, uint64_t bits) { return (flags & bits) == bits; }

// The rights that the access mode and O_TRUNC ask for. Access mode 3 asks for both and gives none.
uint32_t wanted_rights(uint64_t flags) {
  const uint64_t access = flags & linux_abi::kO_ACCMODE;
  uint32_t rights = access == linux_abi::kO_WRONLY ? 0 : kMayRead;
  if (access != linux_abi::kO_RDONLY) rights |= kMayWrite;
  if (has(flags, linux_abi::kO_TRUNC)) rights |= kMayWrite;
  return rights;
}

// Source: Linux fs/open.c build_open_flags().
Result<uint64_t> check_flags(uint64_t flags) {
  if (has(flags, linux_abi::kO_PATH)) {
    return flags & (linux_abi::kO_PATH | linux_abi::kO_DIRECTORY | linux_abi::kO_NOFOLLOW |
                    linux_abi::kO_CLOEXEC);
  }
  if (has(flags, linux_abi::kO_DIRECTORY | linux_abi::kO_CREAT)) return Errno::kEINVAL;
  if (has(flags, kTmpfileBit)) {
    if (!has(flags, linux_abi::kO_DIRECTORY)) return Errno::kEINVAL;
    if ((flags & linux_abi::kO_ACCMODE) == linux_abi::kO_RDONLY) return Errno::kEINVAL;
  }
  return flags;
}

// Errors of do_open() that come before a new file is made. Source: Linux fs/namei.c
// open_last_lookups(), do_open(), may_open().
Result<void> check_place(const Disk::Place& place, uint64_t flags) {
  const bool there = place.directory || place.file != nullptr;
  if (has(flags, linux_abi::kO_CREAT)) {
    if (place.trailing_slash && !place.dots) return Errno::kEISDIR;
    if (place.name_too_long) return Errno::kENAMETOOLONG;
    if (there && has(flags, linux_abi::kO_EXCL)) return Errno::kEEXIST;
    if (place.directory) return Errno::kEISDIR;
    return {};
  }
  if (place.name_too_long) return Errno::kENAMETOOLONG;
  if (!there) return Errno::kENOENT;
  const bool needs_directory = place.trailing_slash || has(flags, linux_abi::kO_DIRECTORY);
  if (needs_directory && !place.directory) return Errno::kENOTDIR;
  return {};
}

}  // namespace

std::shared_ptr<OpenFile> Files::make_open(const std::shared_ptr<storage::SimFile>& file,
                                           uint64_t flags) const {
  auto open = std::make_shared<OpenFile>();
  open->backing = parts_.cache.get_backing(file);
  open->path = file->display_path();
  open->path_only = has(flags, linux_abi::kO_PATH);
  // Linux OPEN_FMODE(): access mode 3 becomes neither.
  const uint64_t access = (flags & linux_abi::kO_ACCMODE) + 1;
  open->readable = !open->path_only && (access & 1) != 0;
  open->writable = !open->path_only && (access & 2) != 0;
  open->append = has(flags, linux_abi::kO_APPEND);
  open->sync = has(flags, linux_abi::kO_DSYNC);
  // tmpfs takes the flag and does as always.
  open->direct = has(flags, linux_abi::kO_DIRECT) && open->backing->write_notify();
  return open;
}

Result<Files::Open> Files::open_place(Disk::Place& place, OpenFlags flags, const FileCall& call) {
  const uint64_t bits = flags.flags;
  const Result<void> checked = check_place(place, bits);
  if (!checked.ok()) return checked.error();
  if (has(bits, kTmpfileBit)) {
    const bool tmpfs = Disk::on_tmpfs(place.path + "/");
    const auto kind = tmpfs ? storage::FileKind::kTmpfs : storage::FileKind::kDisk;
    const std::string slash = place.path == "/" ? "" : "/";
    const auto file = parts_.disk.make_nameless(kind, place.path + slash);
    file->set_path(place.path + slash + "#" + std::to_string(file->inode()));
    return make_open(file, bits);
  }
  const bool path_only = has(bits, linux_abi::kO_PATH);
  if (place.directory) {
    if (!path_only && (wanted_rights(bits) & kMayWrite) != 0) return Errno::kEISDIR;
    if (has(bits, linux_abi::kO_DIRECT)) return Errno::kEINVAL;
    auto open = std::make_shared<OpenFile>();
    open->path = place.path;
    open->directory = true;
    open->path_only = path_only;
    open->readable = !path_only;
    return open;
  }
  if (place.file == nullptr) {
    place.file = parts_.disk.create(place);
    place.file->set_mode(static_cast<uint32_t>(flags.mode) & 07777);
    return make_open(place.file, bits);
  }
  if (!path_only && (wanted_rights(bits) & ~place.file->mode()) != 0) return Errno::kEACCES;
  Open open = make_open(place.file, bits);
  if (has(bits, linux_abi::kO_TRUNC))
    parts_.cache.truncate(*open->backing, 0, call.frames, call.gather);
  return open;
}

Result<int> Files::open(std::string_view path, OpenFlags flags, const FileCall& call) {
  const Result<uint64_t> bits = check_flags(flags.flags & 0xffffffff);
  if (!bits.ok()) return bits.error();
  if (path.empty()) return Errno::kENOENT;
  if (path.size() >= Disk::kPathMax) return Errno::kENAMETOOLONG;
  const Result<int> fd = find_free(call.descriptors_max);
  if (!fd.ok()) return fd;
  Result<Disk::Place> place = parts_.disk.look_up(path);
  if (!place.ok()) return place.error();
  Result<Open> open = open_place(*place, {*bits, flags.mode}, call);
  if (!open.ok()) return open.error();
  return install(*fd, std::move(*open));
}

Result<void> Files::truncate(std::string_view path, uint64_t length_bytes, const FileCall& call) {
  if (static_cast<int64_t>(length_bytes) < 0) return Errno::kEINVAL;
  const Result<Disk::Place> place = parts_.disk.look_up(path);
  if (!place.ok()) return place.error();
  const Result<void> checked = check_place(*place, 0);
  if (!checked.ok()) return checked;
  if (place->directory) return Errno::kEISDIR;
  if ((place->file->mode() & kMayWrite) == 0) return Errno::kEACCES;
  return set_size(*parts_.cache.get_backing(place->file), length_bytes, call);
}

Result<void> Files::unlink(std::string_view path) {
  const Result<Disk::Place> place = parts_.disk.look_up(path);
  if (!place.ok()) return place.error();
  if (place->dots) return Errno::kEISDIR;
  if (place->name_too_long) return Errno::kENAMETOOLONG;
  if (place->directory) return Errno::kEISDIR;
  if (place->file == nullptr) return Errno::kENOENT;
  if (place->trailing_slash) return Errno::kENOTDIR;
  parts_.disk.unlink(*place);
  parts_.cache.forget_if_unused(*place->file);
  return {};
}

Result<void> Files::rename(std::string_view from, std::string_view to) {
  const Result<Disk::Place> old_place = parts_.disk.look_up(from);
  if (!old_place.ok()) return old_place.error();
  const Result<Disk::Place> new_place = parts_.disk.look_up(to);
  if (!new_place.ok()) return new_place.error();
  const Result<void> renamed = parts_.disk.rename(*old_place, *new_place);
  if (!renamed.ok()) return renamed;
  if (new_place->file != nullptr && new_place->file != old_place->file) {
    parts_.cache.note_renamed_over(*old_place->file);
    parts_.cache.forget_if_unused(*new_place->file);
  }
  return {};
}

Result<void> Files::create(std::string_view path, Pattern pattern, const FileCall& call) {
  Result<Disk::Place> place = parts_.disk.look_up(path);
  if (!place.ok()) return place.error();
  const Result<void> checked = check_place(*place, linux_abi::kO_CREAT);
  if (!checked.ok()) return checked;
  const bool tmpfs = Disk::on_tmpfs(place->path);
  const uint64_t disk_max = storage::SimFile(storage::FileKind::kDisk, {}, 0).size_bytes_max();
  if (!tmpfs && pattern.size_bytes > disk_max) return Errno::kEFBIG;
  if (tmpfs && pattern.size_bytes > kTmpfsBytesMax) return Errno::kENOSPC;
  // Nothing below can fail.
  if (place->file == nullptr) place->file = parts_.disk.create(*place);
  const std::shared_ptr<cache::Backing> backing = parts_.cache.get_backing(place->file);
  parts_.cache.truncate(*backing, 0, call.frames, call.gather);
  place->file->fill_pattern(pattern.size_bytes, pattern.seed);
  if (!tmpfs) return {};
  // As if written: the pages are dirty, for they have no other place.
  parts_.cache.read_ahead(*backing, {.pages = {0, backing->page_count()}}, call.frames);
  for (auto page = backing->pages().first_from(0); page;
       page = backing->pages().first_from(page->pgoff + 1))
    parts_.cache.mark_dirty(*backing, page->pgoff);
  return {};
}

}  // namespace faultline::proc
