// fallocate(2) and what it, ftruncate(2) and write(2) do to pages that are not in memory, as Linux
// 6.18 answered on ext4.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "tests/proc/files_fixture.h"

namespace faultline::proc {
namespace {

using linux_abi::kFALLOC_FL_COLLAPSE_RANGE;
using linux_abi::kFALLOC_FL_INSERT_RANGE;
using linux_abi::kFALLOC_FL_KEEP_SIZE;
using linux_abi::kFALLOC_FL_PUNCH_HOLE;
using linux_abi::kFALLOC_FL_UNSHARE_RANGE;
using linux_abi::kFALLOC_FL_ZERO_RANGE;
using linux_abi::kO_APPEND;
using linux_abi::kO_CREAT;
using linux_abi::kO_PATH;
using linux_abi::kO_RDONLY;
using linux_abi::kO_RDWR;
using linux_abi::kO_WRONLY;
using linux_abi::kSEEK_DATA;
using linux_abi::kSEEK_END;
using linux_abi::kSEEK_HOLE;
using testing::FilesFixture;
using testing::show;

constexpr uint64_t kP = 4096;
constexpr uint64_t kPunch = kFALLOC_FL_PUNCH_HOLE | kFALLOC_FL_KEEP_SIZE;
constexpr uint64_t kZero = kFALLOC_FL_ZERO_RANGE;
constexpr uint64_t kZeroKeep = kZero | kFALLOC_FL_KEEP_SIZE;
constexpr uint64_t kCollapse = kFALLOC_FL_COLLAPSE_RANGE;
constexpr uint64_t kInsert = kFALLOC_FL_INSERT_RANGE;
constexpr uint64_t kNegative = uint64_t{1} << 63;
constexpr uint64_t kMax = kNegative - 1;
constexpr uint64_t kDiskMax = (uint64_t{1} << 44) - 4096;

struct Space : FilesFixture {
  std::string fallocate(uint64_t fd, uint64_t mode, uint64_t offset, uint64_t length) {
    const auto done = files.fallocate(fd, mode, {offset, length}, call());
    validate();
    return show(done);
  }
  // A file of that size of which nothing is in memory.
  uint64_t cold(const std::string& path, uint64_t size_bytes) {
    REQUIRE(files.create(path, {.size_bytes = size_bytes, .seed = 0}, call()).ok());
    return get_open(path, kO_RDWR);
  }
  cache::Backing& backing(uint64_t fd) { return *files.get(fd).value()->backing; }
  // What the fault at each page would be: 'M' major, 'm' minor, '-' none of the kernel's business
  // (it is up to date), 'B' a bus error.
  std::string faults(uint64_t fd) {
    std::string text;
    for (uint64_t pgoff = 0; pgoff < 10; ++pgoff) {
      const cache::Backing& file = backing(fd);
      const bool cached = m.cache.find(file, pgoff) != kNoPfn;
      const bool seen = m.cache.find_uptodate(file, pgoff) != kNoPfn;
      text += pgoff >= file.page_count() ? 'B' : seen ? '-' : cached ? 'm' : 'M';
    }
    return text;
  }
};

TEST_CASE("fallocate: the errors of arguments, in their order") {
  struct Row {
    uint64_t mode, offset, length;
    const char* disk;
    const char* tmpfs;
  };
  const Row rows[] = {
      {0, 0, 0, "EINVAL", "EINVAL"},
      {0, kNegative, kP, "EINVAL", "EINVAL"},
      {0, kP, kNegative, "EINVAL", "EINVAL"},
      {0x100, kP, kNegative, "EINVAL", "EINVAL"},
      {0x100, 0, kP, "EOPNOTSUPP", "EOPNOTSUPP"},
      {0, kP, kMax, "EFBIG", "EFBIG"},
      {0, kDiskMax, kP, "EFBIG", "0"},
      {0, kDiskMax - kP, kP, "0", "0"},
      {kFALLOC_FL_PUNCH_HOLE, 0, kP, "EOPNOTSUPP", "EOPNOTSUPP"},
      {kPunch, 0, kP, "0", "0"},
      {kPunch, 8 * kP, kP, "0", "0"},
      {kPunch, kP, kMax, "EFBIG", "EFBIG"},
      {kZero, 0, kP, "0", "EOPNOTSUPP"},
      {kZeroKeep, 0, kP, "0", "EOPNOTSUPP"},
      {kFALLOC_FL_UNSHARE_RANGE, 0, kP, "EOPNOTSUPP", "EOPNOTSUPP"},
      {kFALLOC_FL_UNSHARE_RANGE, kDiskMax, kP, "EFBIG", "EOPNOTSUPP"},
      {0x80, kDiskMax, kP, "EFBIG", "EOPNOTSUPP"},
      {0x81, kDiskMax, kP, "EOPNOTSUPP", "EOPNOTSUPP"},
      {kCollapse, 0, kP, "0", "EOPNOTSUPP"},
      {kCollapse, 5, kP, "EINVAL", "EOPNOTSUPP"},
      {kCollapse, 0, 8 * kP, "EINVAL", "EOPNOTSUPP"},
      {kCollapse | kFALLOC_FL_KEEP_SIZE, 0, kP, "EOPNOTSUPP", "EOPNOTSUPP"},
      {kInsert, 0, kP, "0", "EOPNOTSUPP"},
      {kInsert, 5, kP, "EINVAL", "EOPNOTSUPP"},
      {kInsert, 8 * kP, kP, "EINVAL", "EOPNOTSUPP"},
      {kInsert, 0, kDiskMax - kP, "EFBIG", "EOPNOTSUPP"},
      {kInsert, 8 * kP, kDiskMax - 16 * kP, "EINVAL", "EOPNOTSUPP"},
      {kInsert | kCollapse, 0, kP, "EOPNOTSUPP", "EOPNOTSUPP"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.mode);
    CAPTURE(row.offset);
    CAPTURE(row.length);
    Space s;
    CHECK(s.fallocate(s.cold("/a", 6 * kP + 100), row.mode, row.offset, row.length) == row.disk);
    CHECK(s.fallocate(s.cold("/dev/shm/a", 6 * kP + 100), row.mode, row.offset, row.length) ==
          row.tmpfs);
  }
}

TEST_CASE("fallocate: the errors of descriptors stand between those of arguments") {
  Space s;
  s.cold("/a", kP);
  const uint64_t readable = s.get_open("/a", kO_RDONLY);
  CHECK(s.fallocate(readable, 0, 0, kP) == "EBADF");
  CHECK(s.fallocate(readable, 0x100, 0, kP) == "EOPNOTSUPP");
  CHECK(s.fallocate(readable, 0, kNegative, kP) == "EINVAL");
  CHECK(s.fallocate(s.get_open("/a", kO_PATH), 0, kNegative, kP) == "EBADF");
  CHECK(s.fallocate(99, 0x100, kNegative, kP) == "EBADF");
  CHECK(s.fallocate(s.get_open("/", kO_RDONLY), 0, 0, kP) == "EBADF");
  CHECK(s.fallocate(s.get_open("/a", kO_WRONLY | kO_APPEND), kPunch, 0, kP) == "0");
}

TEST_CASE("fallocate: tmpfs has room for half of memory, a memfd for more") {
  Space s;
  const uint64_t more = (uint64_t{12} << 30) + 1;
  CHECK(s.fallocate(s.get_open("/dev/shm/a", kO_RDWR | kO_CREAT), 0, 0, more) == "ENOSPC");
  const auto memfd = static_cast<uint64_t>(s.files.memfd_create("m", 0).value());
  CHECK(s.fallocate(memfd, 0, 0, 2 * more) == "ENOSPC");
  CHECK(s.fallocate(memfd, 0, 0, more) == "0");
  CHECK(s.lseek(memfd, 0, kSEEK_END) == std::to_string(more));
}

TEST_CASE("fallocate: the size grows unless it is to be kept") {
  Space s;
  const uint64_t fd = s.cold("/a", 2 * kP + 100);
  CHECK(s.fallocate(fd, kFALLOC_FL_KEEP_SIZE, 0, 9 * kP) == "0");
  CHECK(s.fallocate(fd, kZeroKeep, kP, 9 * kP) == "0");
  CHECK(s.lseek(fd, 0, kSEEK_END) == std::to_string(2 * kP + 100));
  CHECK(s.fallocate(fd, kZero, 3 * kP, 7) == "0");
  CHECK(s.lseek(fd, 0, kSEEK_END) == std::to_string(3 * kP + 7));
  CHECK(s.fallocate(fd, 0, 4 * kP, 9) == "0");
  CHECK(s.lseek(fd, 0, kSEEK_END) == std::to_string(4 * kP + 9));
  // What is reserved is a hole still.
  CHECK(s.lseek(fd, kP, kSEEK_DATA) == "ENXIO");
  CHECK(s.lseek(fd, 0, kSEEK_DATA) == "0");
}

// Asked of Linux 6.18 with a memfd.
TEST_CASE("fallocate: on tmpfs a page that is reserved twice is in memory") {
  Space s;
  const auto fd = static_cast<uint64_t>(s.files.memfd_create("m", 0).value());
  CHECK(s.ftruncate(fd, 4 * kP) == "0");
  CHECK(s.fallocate(fd, 0, kP, 2 * kP) == "0");
  CHECK(s.m.picture(s.backing(fd), 6) == "......");
  CHECK(s.lseek(fd, 0, kSEEK_DATA) == "ENXIO");
  CHECK(s.fallocate(fd, kFALLOC_FL_KEEP_SIZE, 2 * kP, 4 * kP) == "0");
  CHECK(s.m.picture(s.backing(fd), 6) == "..#...");
  CHECK(s.lseek(fd, 0, kSEEK_DATA) == std::to_string(2 * kP));
  // Beyond the end too, where nobody sees it.
  CHECK(s.fallocate(fd, kFALLOC_FL_KEEP_SIZE, 5 * kP, kP) == "0");
  CHECK(s.m.picture(s.backing(fd), 6) == "..#..#");
  CHECK(s.ftruncate(fd, 4 * kP) == "0");
  CHECK(s.m.picture(s.backing(fd), 6) == "..#...");
  // A hole takes the reservation along.
  CHECK(s.fallocate(fd, kPunch, kP, 2 * kP) == "0");
  CHECK(s.fallocate(fd, 0, kP, 2 * kP) == "0");
  CHECK(s.m.picture(s.backing(fd), 6) == "......");
}

// Asked of Linux 6.18 on ext4: what is reserved and in memory is data, a hole in memory is not.
TEST_CASE("fallocate: reserved pages are data as long as they are in memory") {
  Space s;
  const uint64_t fd = s.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(s.ftruncate(fd, 8 * kP) == "0");
  CHECK(s.pread(fd, kP, 2 * kP).size() == kP);
  CHECK(s.lseek(fd, 0, kSEEK_DATA) == "ENXIO");
  CHECK(s.fallocate(fd, 0, kP + 100, 2 * kP) == "0");
  CHECK(s.lseek(fd, 0, kSEEK_DATA) == std::to_string(2 * kP));
  CHECK(s.lseek(fd, 2 * kP, kSEEK_HOLE) == std::to_string(3 * kP));
  CHECK(s.fallocate(fd, kPunch, 2 * kP, kP) == "0");
  CHECK(s.pread(fd, kP, 2 * kP).size() == kP);
  CHECK(s.lseek(fd, 0, kSEEK_DATA) == "ENXIO");
  CHECK(s.pread(fd, kP, 3 * kP).size() == kP);
  CHECK(s.lseek(fd, 0, kSEEK_DATA) == std::to_string(3 * kP));
  // Cut away, it does not come back.
  CHECK(s.ftruncate(fd, 3 * kP) == "0");
  CHECK(s.ftruncate(fd, 8 * kP) == "0");
  CHECK(s.pread(fd, kP, 3 * kP).size() == kP);
  CHECK(s.lseek(fd, 0, kSEEK_DATA) == "ENXIO");
}

TEST_CASE("fallocate: bytes move with their pages") {
  Space s;
  const uint64_t fd = s.cold("/a", 3 * kP + 5);
  const std::string before = s.pread(fd, 4 * kP, 0);
  CHECK(s.pwrite(fd, "dirty", 2 * kP) == "5");
  CHECK(s.fallocate(fd, kCollapse, kP, kP) == "0");
  std::string expected = before;
  expected.replace(2 * kP, 5, "dirty").erase(kP, kP);
  CHECK((s.pread(fd, 9 * kP, 0) == expected));
  CHECK(s.fallocate(fd, kInsert, kP, 2 * kP) == "0");
  expected.insert(kP, std::string(2 * kP, '\0'));
  CHECK((s.pread(fd, 9 * kP, 0) == expected));
}

// What each call leaves of a cold file of 2 pages and 100 bytes, and of one of 2 pages.
TEST_CASE("fallocate, ftruncate and write: a page cut in part comes in, but not for all to see") {
  const auto fallocate = [](uint64_t mode, uint64_t offset, uint64_t length) {
    return [=](Space& s, uint64_t fd) { CHECK(s.fallocate(fd, mode, offset, length) == "0"); };
  };
  const auto cut = [](uint64_t size_bytes) {
    return [=](Space& s, uint64_t fd) { CHECK(s.ftruncate(fd, size_bytes) == "0"); };
  };
  const auto write = [](uint64_t offset) {
    return [=](Space& s, uint64_t fd) { CHECK(s.pwrite(fd, "x", offset) == "1"); };
  };
  struct Row {
    std::function<void(Space&, uint64_t)> act;
    const char* tail;   // 2 pages and 100 bytes
    const char* whole;  // 2 pages
  };
  const Row rows[] = {
      {fallocate(0, 0, 7 * kP), "MMmMMMMBBB", "MMMMMMMBBB"},
      {fallocate(0, 0, 7 * kP + 50), "MMmMMMMmBB", "MMMMMMMmBB"},
      {fallocate(0, 3 * kP + 50, kP), "MMmMmBBBBB", "MMMMmBBBBB"},
      {fallocate(0, 7 * kP + 50, 2 * kP), "MMmMMMMMMm", "MMMMMMMMMm"},
      {fallocate(0, 2 * kP, 100), "MMMBBBBBBB", "MMmBBBBBBB"},
      {fallocate(0, 2 * kP, 120), "MMmBBBBBBB", "MMmBBBBBBB"},
      {fallocate(kZero, 2 * kP + 150, 20), "MMmBBBBBBB", "MMmBBBBBBB"},
      {fallocate(kZero, 3 * kP + 150, 20), "MMmmBBBBBB", "MMMmBBBBBB"},
      {fallocate(kZero, 3 * kP + 150, 2 * kP), "MMmmMmBBBB", "MMMmMmBBBB"},
      {fallocate(kZeroKeep, 3 * kP + 150, 2 * kP), "MMMBBBBBBB", "MMBBBBBBBB"},
      {fallocate(kZeroKeep, 2 * kP + 150, 20), "MMmBBBBBBB", "MMBBBBBBBB"},
      {fallocate(kZero, 0, 2 * kP + 90), "MMmBBBBBBB", "MMmBBBBBBB"},
      {fallocate(kZeroKeep, 0, 2 * kP + 110), "MMmBBBBBBB", "MMBBBBBBBB"},
      {fallocate(kPunch, 0, 2 * kP + 110), "MMMBBBBBBB", "MMBBBBBBBB"},
      {fallocate(kPunch, 2 * kP + 100, 50), "MMMBBBBBBB", "MMBBBBBBBB"},
      {fallocate(kPunch, 2 * kP + 50, 100), "MMmBBBBBBB", "MMBBBBBBBB"},
      {fallocate(kPunch, 2 * kP + 50, 40), "MMmBBBBBBB", "MMBBBBBBBB"},
      {fallocate(kPunch, kP + 50, kP + 50), "MmmBBBBBBB", "MmBBBBBBBB"},
      {fallocate(kPunch, kP + 50, kP), "MmmBBBBBBB", "MmBBBBBBBB"},
      {fallocate(kPunch, kP + 50, kP - 50), "MmMBBBBBBB", "MmBBBBBBBB"},
      {cut(kP + 5), "MmBBBBBBBB", "MmBBBBBBBB"},
      {cut(2 * kP), "MMBBBBBBBB", "MMBBBBBBBB"},
      {cut(3 * kP), "MMmBBBBBBB", "MMMBBBBBBB"},
      {fallocate(kCollapse, 0, kP), "MMBBBBBBBB", "MBBBBBBBBB"},
      {fallocate(kInsert, kP, kP), "MMMMBBBBBB", "MMMBBBBBBB"},
      {write(5 * kP), "MMmMM-BBBB", "MMMMM-BBBB"},
      {write(2 * kP), "MM-BBBBBBB", "MM-BBBBBBB"},
  };
  for (const Row& row : rows) {
    CAPTURE(&row - rows);
    Space s;
    const uint64_t tail = s.cold("/tail", 2 * kP + 100);
    row.act(s, tail);
    CHECK(s.faults(tail) == row.tail);
    const uint64_t whole = s.cold("/whole", 2 * kP);
    row.act(s, whole);
    CHECK(s.faults(whole) == row.whole);
  }
}

}  // namespace
}  // namespace faultline::proc
