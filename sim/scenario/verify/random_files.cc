// Calls on files, at random: transfers, changes of their size and contents, descriptors, paths.
//
// Left out is what the disk finishes when it can: sync_file_range without waiting, and
// POSIX_FADV_WILLNEED.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/scenario/verify/random_writer.h"

namespace faultline::verify {
namespace {

constexpr uint64_t kSector = 512;
// On the disk one fault brings all of a file into the page cache, wherever in it and on disks that
// read 128 KiB ahead too: of more, some might still be under way when the next statement looks.
constexpr uint64_t kDiskFilePages = 16;
constexpr uint64_t kTmpfsFilePages = 40;
constexpr uint64_t kVectorPage = 0x10600000;
// Memory for what is read and written with O_DIRECT, which may be read and maps no file: other
// memory serves the kernel only where it is mapped already, and of a file that is written to itself
// an old page may stay. Behind it lies nothing.
constexpr uint64_t kDirectBuffer = 0x10610000;
constexpr uint64_t kDirectBufferPages = 6;
constexpr std::string_view kDirect = "direct";

constexpr auto kFileAdvices = std::to_array<std::string_view>(
    {"POSIX_FADV_NORMAL", "POSIX_FADV_DONTNEED", "POSIX_FADV_DONTNEED", "POSIX_FADV_RANDOM",
     "POSIX_FADV_NOREUSE", "POSIX_FADV_WILLNEED", "POSIX_FADV_SEQUENTIAL"});
constexpr auto kAllocateModes = std::to_array<std::string_view>(
    {"FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE", "FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE", "0",
     "FALLOC_FL_KEEP_SIZE", "FALLOC_FL_ZERO_RANGE", "FALLOC_FL_ZERO_RANGE|FALLOC_FL_KEEP_SIZE",
     "FALLOC_FL_COLLAPSE_RANGE", "FALLOC_FL_INSERT_RANGE"});
constexpr auto kWhences = std::to_array<std::string_view>(
    {"SEEK_SET", "SEEK_SET", "SEEK_CUR", "SEEK_END", "SEEK_DATA", "SEEK_HOLE"});

}  // namespace

uint64_t RandomWriter::file_pages() const {
  return home_ == FileHome::kDisk ? kDiskFilePages : kTmpfsFilePages;
}

// Files on the disk are written in pieces, which become the folios of the page cache, and stay
// there.
void RandomWriter::open_files() {
  if (home_ == FileHome::kNone) return;
  const bool disk = home_ == FileHome::kDisk;
  for (int i = 0; i < 2; ++i) {
    const uint64_t bytes = file_pages() * kPage - (i == 0 ? 0 : 1000);
    const std::string name = fmt::format("f{}", i);
    const std::string path = fmt::format("{}/{}", folder(), name);
    if (!disk) lines_.push_back(fmt::format("create(\"{}\", {}, {})", path, bytes, i));
    bind_file(name, fmt::format("open(\"{}\", O_RDWR{})", path, disk ? "|O_CREAT, 0666" : ""));
    if (!disk) continue;
    const uint64_t piece = kPage << prng_.below(5);
    lines_.push_back(
        fmt::format("repeat {0} as i {{ pwrite64({1}, \"some of {1}\", {2}, i * {2}) }}",
                    (bytes + piece - 1) / piece, name, piece));
    lines_.push_back(fmt::format("ftruncate({}, {})", name, bytes));
    lines_.push_back(fmt::format("fsync({})", name));
  }
  bind_file("ro", fmt::format("open(\"{}/f0\", O_RDONLY)", folder()));
  if (disk) return;
  bind_file("mem", "memfd_create(\"mem\", 0)");
  lines_.push_back(fmt::format("ftruncate(mem, {})", file_pages() * kPage));
}

void RandomWriter::bind_file(std::string_view name, const std::string& call) {
  line(fmt::format("{} = {}", name, call));
  if (std::find(files_.begin(), files_.end(), name) == files_.end()) files_.emplace_back(name);
}

std::string RandomWriter::file() {
  return files_.empty() ? "-1" : files_[prng_.below(files_.size())];
}

// Not the one with O_DIRECT, for what knows nothing of sectors.
std::string RandomWriter::buffered_file() {
  const std::string chosen = file();
  return chosen == kDirect ? files_.front() : chosen;
}

std::string RandomWriter::path() {
  static constexpr auto kNames = std::to_array<std::string_view>({"f0", "f1", "f1", "g"});
  return fmt::format("\"{}/{}\"", folder(), pick(kNames));
}

uint64_t RandomWriter::file_offset() {
  const uint64_t page = prng_.below(file_pages()) * kPage;
  return page + (one_in(2) ? 0 : prng_.below(kPage));
}

// Between a file and the scenario, or memory of the process. What is opened with O_DIRECT mostly
// gets whole sectors.
void RandomWriter::write_transfer(Kind kind) {
  const bool reads = kind == Kind::kRead;
  if (files_.empty()) return write_access(reads ? "load" : "store");
  if (one_in(10)) return write_vector(kind);
  const std::string of = file();
  uint64_t size = one_in(3) ? 1 + prng_.below(3 * kPage) : 1 + prng_.below(64);
  if (one_in(8)) {
    size = (1 + prng_.below(16)) * kPage;
    if (!one_in(2)) size -= prng_.below(kPage);
  }
  uint64_t offset = prng_.below(file_pages() * kPage);
  if (one_in(3)) offset -= offset % (one_in(2) ? 4 * kPage : kPage);
  uint64_t in_page = prng_.below(kPage);
  if (of == kDirect && !one_in(4)) {
    size = one_in(2) ? kPage : (1 + prng_.below(15)) * kSector;
    offset -= offset % (one_in(2) ? kPage : kSector);
    in_page -= in_page % (one_in(2) ? kPage : kSector);
  }
  // Where what is no whole sector is refused depends on where the disk has the file's blocks.
  if (of == kDirect && (offset | size) % kSector != 0)
    size = std::min(size, kPage - offset % kPage);
  uint64_t at = of == kDirect ? direct_buffer() + in_page : address() + in_page;
  if (of == kDirect && one_in(6)) {
    // What cannot be touched, at once or behind a page or two. Blocks of the file behind the one in
    // which a write ends so would show what the disk held before.
    const uint64_t pages = prng_.below(3);
    if (!one_in(4)) in_page -= in_page % kSector;
    offset -= offset % kSector;
    at = kDirectBuffer + (kDirectBufferPages - pages) * kPage + in_page;
    const uint64_t there = pages == 0 ? 0 : pages * kPage - in_page;
    const uint64_t whole = there - there % kSector;
    size = whole + kPage - (offset + whole) % kPage;
  }
  const std::string buffer = one_in(2) ? "_" : fmt::format("{:#x}", at);
  if (of != kDirect && one_in(3))
    return line(fmt::format("{}({}, {}, {})", reads ? "read" : "write", of, buffer, size));
  line(fmt::format("{}({}, {}, {}, {})", reads ? "pread64" : "pwrite64", of, buffer, size, offset));
}

// Three pages at least are there behind it.
uint64_t RandomWriter::direct_buffer() {
  return kDirectBuffer + prng_.below(kDirectBufferPages - 3) * kPage;
}

// Up to three pieces; the list of them lies in a page of its own.
void RandomWriter::write_vector(Kind kind) {
  const uint64_t pid = speaker();
  const auto say = [&](const std::string& call) { lines_.push_back(by(pid, call)); };
  say(fmt::format(
      "mmap({:#x}, {}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)",
      kVectorPage, kPage));
  const std::string of = buffered_file();
  const uint64_t pieces = 1 + prng_.below(3);
  uint64_t left = 8 * kPage;
  for (uint64_t i = 0; i < pieces; ++i) {
    const uint64_t size = prng_.below(std::min(left, one_in(2) ? 2 * kPage : 32) + 1);
    left -= size;
    const uint64_t page = address();
    say(fmt::format("poke({:#x}, 8, {:#x})", kVectorPage + 16 * i, page + prng_.below(kPage)));
    say(fmt::format("poke({:#x}, 8, {})", kVectorPage + 16 * i + 8, size));
  }
  say(fmt::format("{}({}, {:#x}, {})", kind == Kind::kRead ? "readv" : "writev", of, kVectorPage,
                  pieces));
}

void RandomWriter::write_file_call(Kind kind) {
  if (kind == Kind::kSeek) return write_seek();
  if (kind == Kind::kDescriptor) return write_descriptor();
  if (kind == Kind::kPath) return write_path();
  const uint64_t offset = file_offset();
  uint64_t size = one_in(2) ? length_bytes() : 1 + prng_.below(3 * kPage);
  // It stays that small.
  if (home_ == FileHome::kDisk) size = std::min(size, kDiskFilePages * kPage - offset);
  const std::string of = file();
  switch (kind) {
    case Kind::kTruncate:
      return line(fmt::format("ftruncate({}, {})", of, offset + (one_in(3) ? size : 0)));
    case Kind::kAllocate:
      return line(fmt::format("fallocate({}, {}, {}, {})", of, pick(kAllocateModes), offset, size));
    case Kind::kFileAdvice: {
      // What POSIX_FADV_DONTNEED has to write itself is there, or not, for the next one.
      const std::string advice = pick(kFileAdvices);
      if (advice == "POSIX_FADV_DONTNEED") line(fmt::format("fdatasync({})", of));
      return line(fmt::format("fadvise64({}, {}, {}, {})", of, offset, size, advice));
    }
    default:
      break;
  }
  if (!one_in(3)) return line(fmt::format("{}({})", one_in(2) ? "fsync" : "fdatasync", of));
  line(
      fmt::format("sync_file_range({}, {}, {}, SYNC_FILE_RANGE_WAIT_BEFORE|SYNC_FILE_RANGE_WRITE|"
                  "SYNC_FILE_RANGE_WAIT_AFTER)",
                  of, offset, one_in(4) ? 0 : size));
}

void RandomWriter::write_seek() {
  const std::string whence = pick(kWhences);
  const std::string sign = whence == "SEEK_CUR" || whence == "SEEK_END" ? "-" : "";
  const uint64_t offset = file_offset();
  line(fmt::format("lseek({}, {}{}, {})", file(), sign, offset, whence));
}

// One more of a file, or none.
void RandomWriter::write_descriptor() {
  switch (prng_.below(9)) {
    case 0:
    case 1:
      return bind_file("twin", fmt::format("dup({})", buffered_file()));
    case 2:
      return line(fmt::format("dup2({}, {})", files_.front(), buffered_file()));
    case 3:
      return write_close();
    case 4:
      return bind_file("append", fmt::format("open({}, O_RDWR|O_APPEND)", path()));
    case 5:
      return bind_file("more", fmt::format("open({}, O_RDWR|O_CREAT, 0666)", path()));
    case 6:
      return bind_file("more", fmt::format("open({}, O_RDWR|O_TRUNC)", path()));
    default:
      if (home_ != FileHome::kDisk)
        return bind_file("wo", fmt::format("open({}, O_WRONLY)", path()));
      lines_.push_back(
          fmt::format("mmap({:#x}, {:#x}, PROT_READ|PROT_WRITE, "
                      "MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)",
                      kDirectBuffer, kDirectBufferPages * kPage));
      return bind_file(kDirect, fmt::format("open({}, O_RDWR|O_DIRECT)", path()));
  }
}

// On the disk the name is not used again: its number may be the next one with O_DIRECT, whose calls
// make what they may of the memory that they are given.
void RandomWriter::write_close() {
  line(fmt::format("close({})", files_.back()));
  if (home_ == FileHome::kDisk && files_.size() > 1) files_.pop_back();
}

void RandomWriter::write_path() {
  const std::string from = path();
  switch (prng_.below(4)) {
    case 0:
      return line(fmt::format("unlink({})", from));
    case 1:
      return line(fmt::format("rename({}, {})", from, path()));
    default:
      return line(fmt::format("truncate({}, {})", from, file_offset()));
  }
}

}  // namespace faultline::verify
