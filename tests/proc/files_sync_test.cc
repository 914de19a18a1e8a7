// sync_file_range(2), posix_fadvise(2), sync(2), and O_DIRECT, as Linux 6.18 answered on ext4.
#include <doctest/doctest.h>

#include <string>

#include "tests/proc/files_fixture.h"

namespace faultline::proc {
namespace {

using linux_abi::kO_APPEND;
using linux_abi::kO_CREAT;
using linux_abi::kO_DIRECT;
using linux_abi::kO_PATH;
using linux_abi::kO_RDONLY;
using linux_abi::kO_RDWR;
using linux_abi::kO_WRONLY;
using linux_abi::kPOSIX_FADV_DONTNEED;
using linux_abi::kPOSIX_FADV_NORMAL;
using linux_abi::kPOSIX_FADV_RANDOM;
using linux_abi::kPOSIX_FADV_SEQUENTIAL;
using linux_abi::kPOSIX_FADV_WILLNEED;
using linux_abi::kSEEK_CUR;
using linux_abi::kSEEK_END;
using linux_abi::kSEEK_SET;
using testing::FakeSink;
using testing::FakeSource;
using testing::FilesFixture;
using testing::show;

constexpr uint64_t kP = 4096;
constexpr uint64_t kNegative = uint64_t{1} << 63;

struct Fixture : FilesFixture {
  // A file of 6 pages and 100 bytes; all of it is read.
  uint64_t warm(const std::string& path = "/a") {
    const uint64_t fd = cold(path);
    CHECK(pread(fd, 8 * kP, 0).size() == 6 * kP + 100);
    return fd;
  }
  uint64_t cold(const std::string& path = "/a") {
    REQUIRE(files.create(path, {.size_bytes = 6 * kP + 100, .seed = 0}, call()).ok());
    return get_open(path, kO_RDWR);
  }
  std::string picture(uint64_t fd) {
    validate();
    return m.picture(*files.get(fd).value()->backing, 8);
  }
  std::string fadvise(uint64_t fd, uint64_t offset, uint64_t length, uint64_t advice) {
    return show(files.fadvise(fd, {offset, length}, advice, call()));
  }
  std::string sync_range(uint64_t fd, uint64_t offset, uint64_t length, uint64_t flags) {
    return show(files.sync_file_range(fd, {offset, length}, flags, gather));
  }
};

TEST_CASE("sync_file_range: errors, and which pages become clean") {
  Fixture f;
  const uint64_t fd = f.warm();
  CHECK(f.sync_range(fd, 0, kP, 8) == "EINVAL");
  CHECK(f.sync_range(fd, kNegative, kP, 2) == "EINVAL");
  CHECK(f.sync_range(fd, 0, kNegative, 2) == "EINVAL");
  CHECK(f.sync_range(fd, kP, kNegative - 1, 2) == "EINVAL");
  CHECK(f.sync_range(99, 0, kP, 8) == "EBADF");
  CHECK(f.sync_range(f.get_open("/a", kO_PATH), 0, kP, 2) == "EBADF");
  CHECK(f.sync_range(f.get_open("/", kO_RDONLY), 0, kP, 7) == "0");
  struct Row {
    uint64_t offset, length, flags;
    const char* after;
  };
  const Row rows[] = {{kP + 1, 2 * kP, 5, "######c."}, {kP + 1, 2 * kP, 2, "#ccc##c."},
                      {3 * kP, 0, 7, "###cccc."},      {3 * kP, kP, 7, "###c##c."},
                      {3 * kP, 1, 7, "###c##c."},      {0, kNegative - 1, 2, "ccccccc."}};
  for (const Row& row : rows) {
    for (uint64_t page = 0; page < 6; ++page) CHECK(f.pwrite(fd, "x", page * kP) == "1");
    CHECK(f.sync_range(fd, row.offset, row.length, row.flags) == "0");
    CHECK(f.picture(fd) == row.after);
  }
}

TEST_CASE("sync: every file") {
  Fixture f;
  const uint64_t a = f.warm("/a");
  const uint64_t b = f.warm("/b");
  CHECK(f.pwrite(a, "x", 0) == "1");
  CHECK(f.pwrite(b, "x", kP) == "1");
  f.files.sync(f.gather);
  CHECK(f.picture(a) == "ccccccc.");
  CHECK(f.picture(b) == "ccccccc.");
}

TEST_CASE("posix_fadvise: errors") {
  Fixture f;
  const uint64_t fd = f.cold();
  CHECK(f.fadvise(fd, 0, kP, 6) == "EINVAL");
  CHECK(f.fadvise(fd, 0, kNegative, kPOSIX_FADV_NORMAL) == "EINVAL");
  CHECK(f.fadvise(fd, kNegative, kP, kPOSIX_FADV_DONTNEED) == "0");
  CHECK(f.fadvise(fd, 0, kP, (uint64_t{1} << 32) | kPOSIX_FADV_DONTNEED) == "0");
  CHECK(f.fadvise(99, 0, kP, 99) == "EBADF");
  CHECK(f.fadvise(f.get_open("/a", kO_PATH), 0, kP, kPOSIX_FADV_NORMAL) == "EBADF");
  CHECK(f.fadvise(f.get_open("/", kO_RDONLY), 0, kP, 99) == "EINVAL");
  CHECK(f.fadvise(f.get_open("/", kO_RDONLY), 0, kP, kPOSIX_FADV_DONTNEED) == "0");
  CHECK(f.fadvise(f.get_open("/a", kO_WRONLY), 0, kP, kPOSIX_FADV_DONTNEED) == "0");
}

TEST_CASE("POSIX_FADV_WILLNEED: every page that a byte of the range is in") {
  struct Row {
    uint64_t offset, length;
    const char* after;
  };
  const Row rows[] = {{kP, 2 * kP, ".cc....."},         {kP + 10, 10, ".c......"},
                      {2 * kP - 1, 2, ".cc....."},      {4 * kP + 10, 0, "....ccc."},
                      {~uint64_t{0} - kP, 0, "......"}, {~kP + 1, 3 * kP, "........"}};
  for (const Row& row : rows) {
    CAPTURE(row.offset);
    Fixture f;
    const uint64_t fd = f.cold();
    CHECK(f.fadvise(fd, row.offset, row.length, kPOSIX_FADV_WILLNEED) == "0");
    CHECK(f.picture(fd).substr(0, 6) == std::string(row.after).substr(0, 6));
  }
  Fixture f;
  const uint64_t tmpfs = f.get_open("/dev/shm/a", kO_RDWR | kO_CREAT);
  CHECK(f.ftruncate(tmpfs, 4 * kP) == "0");
  CHECK(f.fadvise(tmpfs, 0, 0, kPOSIX_FADV_WILLNEED) == "0");
  CHECK(f.picture(tmpfs) == "........");
}

TEST_CASE("POSIX_FADV_DONTNEED: whole clean pages go, and the last one of the file") {
  struct Row {
    uint64_t offset, length;
    const char* after;
  };
  const Row rows[] = {
      {kP, kP, "c.ccccc."},          {kP + 1, kP, "ccccccc."},     {kP + 1, 2 * kP, "cc.cccc."},
      {kP, kP + 1, "c.ccccc."},      {kP, 2 * kP - 1, "c.ccccc."}, {5 * kP, kP + 100, "ccccc..."},
      {5 * kP, kP + 99, "ccccc.c."}, {6 * kP, 100, "cccccc.."},    {6 * kP, 99, "ccccccc."},
      {6 * kP, 200, "ccccccc."},     {3 * kP, 0, "ccc....."},      {0, 0, "........"},
      {kP - 1, kP + 1, "c.ccccc."},  {kP, 1, "ccccccc."},          {5 * kP + 1, 0, "cccccc.."},
      {~kP + 1, 2 * kP, "ccccccc."}, {0, kP - 1, "ccccccc."}};
  for (const Row& row : rows) {
    CAPTURE(row.offset);
    CAPTURE(row.length);
    Fixture f;
    const uint64_t fd = f.warm();
    CHECK(f.fadvise(fd, row.offset, row.length, kPOSIX_FADV_DONTNEED) == "0");
    CHECK(f.picture(fd) == row.after);
  }
}

TEST_CASE("POSIX_FADV_DONTNEED: dirty pages are written and stay, mapped ones and tmpfs stay") {
  Fixture f;
  const uint64_t fd = f.warm();
  for (uint64_t page = 0; page < 6; ++page) CHECK(f.pwrite(fd, "x", page * kP) == "1");
  CHECK(f.fadvise(fd, kP, 2 * kP, kPOSIX_FADV_DONTNEED) == "0");
  CHECK(f.picture(fd) == "#cc###c.");
  CHECK(f.fadvise(fd, 0, 5 * kP, kPOSIX_FADV_DONTNEED) == "0");
  CHECK(f.picture(fd) == "c..cc#c.");
  cache::Backing& backing = *f.files.get(fd).value()->backing;
  testing::FakeSpace space(f.m.frames, f.m.allocator, f.m.rmap);
  space.map(3, f.m.get(backing, 3).pfn);
  // It looks again, as a clean page stays: what was dirty goes as well.
  CHECK(f.fadvise(fd, 0, 0, kPOSIX_FADV_DONTNEED) == "0");
  CHECK(f.picture(fd) == "...c....");
  const uint64_t tmpfs = f.warm("/dev/shm/a");
  CHECK(f.fadvise(tmpfs, 0, 0, kPOSIX_FADV_DONTNEED) == "0");
  CHECK(f.picture(tmpfs) == "#######.");
}

TEST_CASE("posix_fadvise: RANDOM reads what is asked for, SEQUENTIAL twice as far ahead") {
  const auto read_ahead = [](uint64_t advice, uint64_t pages) {
    Fixture f;
    REQUIRE(f.files.create("/a", {.size_bytes = 400 * kP, .seed = 0}, f.call()).ok());
    const uint64_t fd = f.get_open("/a", kO_RDWR);
    CHECK(f.fadvise(fd, 0, 0, advice) == "0");
    CHECK(f.pread(fd, pages * kP, 0).size() == pages * kP);
    return f.files.get(fd).value()->backing->pages().count();
  };
  CHECK(read_ahead(kPOSIX_FADV_NORMAL, 1) == 4);
  CHECK(read_ahead(kPOSIX_FADV_RANDOM, 1) == 1);
  CHECK(read_ahead(kPOSIX_FADV_RANDOM, 8) == 8);
  CHECK(read_ahead(kPOSIX_FADV_NORMAL, 20) == 32);
  CHECK(read_ahead(kPOSIX_FADV_SEQUENTIAL, 20) == 64);
}

TEST_CASE("O_DIRECT: offset, length and address go by the disk's sectors") {
  Fixture f;
  f.cold();
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_DIRECT);
  const auto read = [&](uint64_t offset, uint64_t length, uint64_t address) {
    FakeSink sink;
    sink.address = address;
    return show(f.files.pread(fd, {offset, length}, sink, f.call()));
  };
  const auto write = [&](uint64_t offset, uint64_t length, uint64_t address) {
    FakeSource source(std::string(length, 'x'));
    source.address = address;
    return show(f.files.pwrite(fd, {offset, length}, source, f.call()));
  };
  for (const uint64_t wrong : std::initializer_list<uint64_t>{1, 4, 256}) {
    CHECK(read(wrong, kP, 0) == "EINVAL");
    CHECK(read(0, kP + wrong, 0) == "EINVAL");
    CHECK(read(0, kP, wrong) == "EINVAL");
    CHECK(write(wrong, kP, 0) == "EINVAL");
    CHECK(write(0, kP + wrong, 0) == "EINVAL");
    CHECK(write(0, kP, wrong) == "EINVAL");
  }
  // One piece within a page lies well everywhere.
  CHECK(read(0, 512, 4) == "512");
  CHECK(write(0, 512, 4) == "512");
  CHECK(read(512, kP + 512, 512) == "4608");
  CHECK(write(512, kP + 512, 512) == "4608");
  // The end of the file comes before all that.
  CHECK(read(7 * kP + 1, kP, 1) == "0");
  CHECK(read(1, 0, 1) == "0");
  CHECK(write(1, 0, 1) == "0");
  CHECK(read(6 * kP, kP, 0) == "100");
  CHECK(read(6 * kP, 100, 0) == "EINVAL");
  CHECK(read(6 * kP, kP + 3, 0) == "100");
  CHECK(read(0, 8 * kP, 0) == std::to_string(6 * kP + 100));
  // Holes are not read, and may be of any length.
  CHECK(f.ftruncate(fd, 9 * kP) == "0");
  CHECK(read(7 * kP + 1, 100, 1) == "100");
  CHECK(read(6 * kP, kP + 100, 0) == "4196");
  CHECK(read(6 * kP + 1, kP, 0) == "EINVAL");
}

TEST_CASE("O_DIRECT: a read brings nothing in, a write takes its pages out of memory") {
  Fixture f;
  const uint64_t fd = f.cold();
  const uint64_t direct = f.get_open("/a", kO_RDWR | kO_DIRECT);
  CHECK(f.pread(direct, 2 * kP, 0).size() == 2 * kP);
  CHECK(f.picture(fd) == "........");
  CHECK(f.pread(fd, 8 * kP, 0).size() == 6 * kP + 100);
  CHECK(f.pwrite(fd, "dirty", kP) == "5");
  CHECK(f.pwrite(fd, "dirty", 3 * kP) == "5");
  CHECK(f.pread(direct, kP, kP).substr(0, 5) == "dirty");
  CHECK(f.picture(fd) == "ccc#ccc.");
  CHECK(f.pwrite(direct, std::string(512, 'y'), 4 * kP) == "512");
  CHECK(f.picture(fd) == "ccc#.cc.");
  CHECK(f.pwrite(direct, std::string(2 * kP, 'z'), kP) == std::to_string(2 * kP));
  CHECK(f.picture(fd) == "c..#.cc.");
  CHECK(f.pread(fd, 2, 4 * kP + 511).at(0) == 'y');
  CHECK(f.pread(fd, 1, 2 * kP) == "z");
}

TEST_CASE("O_DIRECT: what fails for its alignment has reached the cache already") {
  Fixture f;
  const uint64_t fd = f.warm();
  const uint64_t direct = f.get_open("/a", kO_RDWR | kO_DIRECT);
  CHECK(f.pwrite(fd, "dirty", 0) == "5");
  CHECK(f.pread(direct, 100, 0) == "EINVAL");
  CHECK(f.picture(fd) == "ccccccc.");
  CHECK(f.pwrite(direct, std::string(100, 'x'), kP) == "EINVAL");
  CHECK(f.picture(fd) == "c.ccccc.");
}

TEST_CASE("O_DIRECT: a write past the end shows what a mapping stored there") {
  Fixture f;
  const uint64_t fd = f.warm();
  const uint64_t direct = f.get_open("/a", kO_RDWR | kO_DIRECT);
  cache::Backing& backing = *f.files.get(fd).value()->backing;
  testing::FakeSpace space(f.m.frames, f.m.allocator, f.m.rmap);
  space.map(6, f.m.get(backing, 6).pfn);
  f.m.cache.mark_dirty(backing, 6);
  space.store(6, 300, 7);
  CHECK(f.pwrite(direct, std::string(512, 'x'), 8 * kP) == "512");
  CHECK(f.pread(fd, 1, 6 * kP + 300) == "\7");
}

TEST_CASE("O_DIRECT: a file grows by a write, and by one that fails within a new block") {
  Fixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  const uint64_t direct = f.get_open("/a", kO_RDWR | kO_DIRECT | kO_APPEND);
  CHECK(f.write(direct, std::string(512, 'a')) == "512");
  CHECK(f.lseek(direct, 0, kSEEK_CUR) == "512");
  FakeSource source(std::string(512, 'b'));  // gives half of what it is asked for
  CHECK(show(f.files.pwrite(direct, {0, 1024}, source, f.call())) == "EFAULT");
  CHECK(f.pread(fd, 9999, 0) == std::string(512, 'a') + std::string(512, 'b'));
  // Where a block begins with a hole, the page cache fails in its stead.
  FakeSource nothing("");
  const uint64_t other = f.get_open("/b", kO_RDWR | kO_CREAT | kO_DIRECT);
  CHECK(show(f.files.pwrite(other, {6 * kP, kP}, nothing, f.call())) == "EFAULT");
  CHECK(f.lseek(other, 0, kSEEK_END) == "0");
  CHECK(show(f.files.pwrite(other, {6 * kP + 512, kP}, nothing, f.call())) == "EFAULT");
  CHECK(f.lseek(other, 0, kSEEK_END) == std::to_string(6 * kP + 512));
  FakeSink sink;
  sink.good_bytes = 100;
  CHECK(show(f.files.pread(direct, {0, 512}, sink, f.call())) == "EFAULT");
  CHECK(f.open("/", kO_RDONLY | kO_DIRECT) == "EINVAL");
  CHECK(f.open("/dev/shm", kO_RDWR | kO_DIRECT) == "EISDIR");
  CHECK(f.open("/", kO_PATH | kO_DIRECT) == "6");
  const uint64_t tmpfs = f.get_open("/dev/shm/a", kO_RDWR | kO_CREAT | kO_DIRECT);
  CHECK(f.pwrite(tmpfs, "abc", 1) == "3");
  f.validate();
}

}  // namespace
}  // namespace faultline::proc
