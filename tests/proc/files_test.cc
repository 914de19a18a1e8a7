#include "sim/proc/files.h"

#include <doctest/doctest.h>

#include "tests/proc/files_fixture.h"
#include "tests/support/death.h"

namespace faultline::proc {

struct FilesTestPeer {
  static void grow(Files& files) { files.descriptors_.resize(kDescriptorsMax + 1); }
  static void lose_backing(Files& files, size_t fd) { files.descriptors_[fd]->backing.reset(); }
};

namespace {

using linux_abi::kO_CREAT;
using linux_abi::kO_DIRECTORY;
using linux_abi::kO_RDONLY;
using linux_abi::kO_RDWR;
using linux_abi::kSEEK_CUR;
using linux_abi::kSEEK_DATA;
using linux_abi::kSEEK_END;
using linux_abi::kSEEK_HOLE;
using linux_abi::kSEEK_SET;
using testing::dies_with;
using testing::FakeSink;
using testing::FakeSource;
using testing::FilesFixture;
using testing::show;

TEST_CASE("Files: descriptors 0 to 2 are open and cannot be used") {
  FilesFixture f;
  for (const uint64_t fd : std::initializer_list<uint64_t>{0, 1, 2}) {
    CAPTURE(fd);
    CHECK(f.read(fd, 1) == "EBADF");
    CHECK(f.write(fd, "x") == "EBADF");
    CHECK(f.pread(fd, 1, 0) == "EBADF");
    CHECK(f.lseek(fd, 0, kSEEK_SET) == "EBADF");
    CHECK(f.ftruncate(fd, 0) == "EBADF");
    CHECK(f.ftruncate(fd, ~uint64_t{0}) == "EINVAL");
    CHECK(show(f.files.fsync(fd, f.gather)) == "EBADF");
    CHECK_FALSE(f.files.get(fd).ok());
  }
  CHECK(show(f.files.dup(0)) == "3");
  CHECK(show(f.files.close(3)) == "0");
  CHECK(show(f.files.close(0)) == "0");
  CHECK(show(f.files.close(0)) == "EBADF");
  f.validate();
}

TEST_CASE("Files: the lowest free descriptor is taken") {
  FilesFixture f;
  CHECK(f.open("/a", kO_RDWR | kO_CREAT) == "3");
  CHECK(f.open("/a", kO_RDWR) == "4");
  CHECK(f.open("/a", kO_RDWR) == "5");
  CHECK(show(f.files.close(4)) == "0");
  CHECK(show(f.files.dup(3)) == "4");
  CHECK(show(f.files.close(1)) == "0");
  CHECK(show(f.files.memfd_create("x", 0)) == "1");
  CHECK(f.open("/a", kO_RDWR) == "6");
}

TEST_CASE("Files: dup shares the position, a second open does not") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.write(fd, "hello") == "5");
  const auto copy = static_cast<uint64_t>(f.files.dup(fd).value());
  const uint64_t other = f.get_open("/a", kO_RDONLY);
  CHECK(f.lseek(copy, 0, kSEEK_CUR) == "5");
  CHECK(f.lseek(other, 0, kSEEK_CUR) == "0");
  CHECK(f.lseek(copy, 1, kSEEK_SET) == "1");
  CHECK(f.read(fd, 2) == "el");
  CHECK(f.files.get(copy).value() == f.files.get(fd).value());
}

TEST_CASE("Files: dup2 answers as the kernel does") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(show(f.files.dup2(fd, fd)) == "3");
  CHECK(show(f.files.dup2(999, 999)) == "EBADF");
  CHECK(show(f.files.dup2(999, 5)) == "EBADF");
  CHECK(show(f.files.dup2(fd, ~uint64_t{0})) == "EBADF");
  CHECK(show(f.files.dup2(fd, 1024)) == "EBADF");
  CHECK(show(f.files.dup2(fd, 1023)) == "1023");
  CHECK(show(f.files.dup2(fd, 0)) == "0");
  CHECK(f.write(0, "x") == "1");
  // A limit that was lowered since.
  CHECK(show(f.files.dup2(1023, 1023, 4)) == "1023");
  CHECK(show(f.files.dup2(fd, 1023, 1023)) == "EBADF");
  f.validate();
}

TEST_CASE("Files: there are 1024 descriptors, unless the limit is another") {
  FilesFixture f;
  CHECK(f.open("/a", kO_RDWR | kO_CREAT) == "3");
  for (int fd = 4; fd < 1024; ++fd) REQUIRE(f.files.dup(3).value() == fd);
  CHECK(show(f.files.dup(3)) == "EMFILE");
  CHECK(show(f.files.memfd_create("m", 0)) == "EMFILE");
  CHECK(show(f.files.dup(3, 1025)) == "1024");
  CHECK(show(f.files.dup(2000)) == "EBADF");
  CHECK(f.open("/nope", kO_RDONLY) == "EMFILE");
  CHECK(f.open("/new", kO_RDWR | kO_CREAT) == "EMFILE");
  CHECK(f.m.disk.find("/new") == nullptr);
  CHECK(f.open("", kO_RDONLY) == "ENOENT");
  CHECK(f.open("/a", kO_RDONLY | kO_CREAT | kO_DIRECTORY) == "EINVAL");
  CHECK(show(f.files.memfd_create("x", 0)) == "EMFILE");
  CHECK(show(f.files.memfd_create("x", 99)) == "EINVAL");
  CHECK(show(f.files.dup2(3, 1000)) == "1000");
}

TEST_CASE("Files: a copy has the same open files, and closes its own") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  Files child = f.files;
  CHECK(f.write(fd, "abc") == "3");
  CHECK(show(child.lseek(fd, 0, kSEEK_CUR)) == "3");
  CHECK(show(child.close(fd)) == "0");
  CHECK(f.write(fd, "d") == "1");
}

TEST_CASE("Files: memfd_create makes a file of tmpfs that goes with its last descriptor") {
  FilesFixture f;
  const auto fd = static_cast<uint64_t>(f.files.memfd_create("log", 1).value());
  CHECK(f.files.get(fd).value()->path == "/memfd:log (deleted)");
  CHECK_FALSE(f.files.get(fd).value()->backing->write_notify());
  CHECK(f.pwrite(fd, "abc", 5000) == "3");
  CHECK(f.m.allocator.in_use() == 1);
  CHECK(show(f.files.close(fd)) == "0");
  CHECK(f.m.allocator.in_use() == 0);
  CHECK(show(f.files.memfd_create(std::string(249, 'n'), 0)) == "3");
  CHECK(show(f.files.memfd_create(std::string(250, 'n'), 0)) == "EINVAL");
  CHECK(show(f.files.memfd_create("", 0)) == "4");
  struct Row {
    uint64_t flags;
    const char* answer;
  };
  for (const Row& row :
       {Row{1, "5"}, {2, "6"}, {8, "7"}, {16, "8"}, {24, "EINVAL"}, {32, "EINVAL"}}) {
    CAPTURE(row.flags);
    CHECK(show(f.files.memfd_create("q", row.flags)) == row.answer);
  }
  f.validate();
}

TEST_CASE("Files: lseek answers as the kernel does, on the disk and on tmpfs") {
  struct Row {
    uint64_t offset, whence;
    const char* disk;
    const char* tmpfs;
  };
  const uint64_t min = uint64_t{1} << 63;
  const uint64_t max = min - 1;
  // The file has 10000 bytes, of which page 1 is data; the position is 5.
  for (const Row& row : std::vector<Row>{
           {7, kSEEK_SET, "7", "7"},
           {~uint64_t{0}, kSEEK_SET, "EINVAL", "EINVAL"},
           {min, kSEEK_SET, "EINVAL", "EINVAL"},
           {max, kSEEK_SET, "EINVAL", "9223372036854775807"},
           {(uint64_t{1} << 44) - 4096, kSEEK_SET, "17592186040320", "17592186040320"},
           {(uint64_t{1} << 44) - 4095, kSEEK_SET, "EINVAL", "17592186040321"},
           {0, kSEEK_CUR, "5", "5"},
           {uint64_t(-5), kSEEK_CUR, "0", "0"},
           {uint64_t(-6), kSEEK_CUR, "EINVAL", "EINVAL"},
           {max, kSEEK_CUR, "EINVAL", "EINVAL"},
           {min, kSEEK_CUR, "EINVAL", "EINVAL"},
           {0, kSEEK_END, "10000", "10000"},
           {1, kSEEK_END, "10001", "10001"},
           {uint64_t(-10000), kSEEK_END, "0", "0"},
           {max, kSEEK_END, "EINVAL", "EINVAL"},
           {1, 5, "EINVAL", "EINVAL"},
           {1, ~uint64_t{0}, "EINVAL", "EINVAL"},
           {7, uint64_t{1} << 32, "7", "7"},
           {0, kSEEK_DATA, "4096", "4096"},
           {4100, kSEEK_DATA, "4100", "4100"},
           {8192, kSEEK_DATA, "ENXIO", "ENXIO"},
           {10000, kSEEK_DATA, "ENXIO", "ENXIO"},
           {~uint64_t{0}, kSEEK_DATA, "ENXIO", "ENXIO"},
           {0, kSEEK_HOLE, "0", "0"},
           {4096, kSEEK_HOLE, "8192", "8192"},
           {9999, kSEEK_HOLE, "9999", "9999"},
           {10000, kSEEK_HOLE, "ENXIO", "ENXIO"},
       }) {
    CAPTURE(row.offset);
    CAPTURE(row.whence);
    for (const bool tmpfs : {false, true}) {
      FilesFixture f;
      const uint64_t fd = f.get_open(tmpfs ? "/dev/shm/a" : "/a", kO_RDWR | kO_CREAT);
      REQUIRE(f.ftruncate(fd, 10000) == "0");
      REQUIRE(f.pwrite(fd, "x", 5000) == "1");
      REQUIRE(f.lseek(fd, 5, kSEEK_SET) == "5");
      CHECK(f.lseek(fd, row.offset, row.whence) == (tmpfs ? row.tmpfs : row.disk));
    }
  }
  FilesFixture f;
  CHECK(f.lseek(999, 1, 9) == "EBADF");
}

TEST_CASE("Files: SEEK_HOLE behind the last data is the end of the file") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.pwrite(fd, "x", 12288) == "1");
  CHECK(f.lseek(fd, 12288, kSEEK_HOLE) == "12289");
  CHECK(f.lseek(fd, 0, kSEEK_DATA) == "12288");
}

TEST_CASE("Files: a cached page of a hole is data on tmpfs, on the disk once it is dirty") {
  for (const bool tmpfs : {false, true}) {
    FilesFixture f;
    const uint64_t fd = f.get_open(tmpfs ? "/dev/shm/a" : "/a", kO_RDWR | kO_CREAT);
    REQUIRE(f.ftruncate(fd, 20480) == "0");
    cache::Backing& backing = *f.files.get(fd).value()->backing;
    f.m.get(backing, 1);
    CHECK(f.lseek(fd, 0, kSEEK_DATA) == (tmpfs ? "4096" : "ENXIO"));
    f.m.cache.mark_dirty(backing, 1);
    CHECK(f.lseek(fd, 0, kSEEK_DATA) == "4096");
    CHECK(show(f.files.fsync(fd, f.gather)) == "0");
    CHECK(f.lseek(fd, 0, kSEEK_DATA) == "4096");
    CHECK(f.lseek(fd, 5000, kSEEK_HOLE) == "8192");
  }
}

TEST_CASE("Files: ftruncate and truncate answer as the kernel does") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/t/a", kO_RDWR | kO_CREAT);
  const uint64_t read_only = f.get_open("/t/a", kO_RDONLY);
  const uint64_t neither = f.get_open("/t/a", 3);
  const uint64_t directory = f.get_open("/t", kO_RDONLY);
  const uint64_t negative = ~uint64_t{0};
  CHECK(f.ftruncate(fd, negative) == "EINVAL");
  CHECK(f.ftruncate(999, negative) == "EINVAL");
  CHECK(f.ftruncate(999, 0) == "EBADF");
  CHECK(f.ftruncate(read_only, 0) == "EINVAL");
  CHECK(f.ftruncate(neither, 0) == "EINVAL");
  CHECK(f.ftruncate(directory, 0) == "EINVAL");
  CHECK(f.ftruncate(fd, (uint64_t{1} << 44) - 4096) == "0");
  CHECK(f.ftruncate(fd, (uint64_t{1} << 44) - 4095) == "EFBIG");
  CHECK(f.lseek(fd, 0, kSEEK_END) == "17592186040320");
  CHECK(f.truncate("/t/a", negative) == "EINVAL");
  CHECK(f.truncate("/t/nope", negative) == "EINVAL");
  CHECK(f.truncate("/t/nope", 0) == "ENOENT");
  CHECK(f.truncate("", 0) == "ENOENT");
  CHECK(f.truncate("/t", 0) == "EISDIR");
  CHECK(f.truncate("/", 0) == "EISDIR");
  CHECK(f.truncate("/t/a/", 0) == "ENOTDIR");
  CHECK(f.truncate("/t/" + std::string(256, 'x'), 0) == "ENAMETOOLONG");
  CHECK(f.truncate("/t/a", 123) == "0");
  CHECK(f.lseek(fd, 0, kSEEK_END) == "123");
  const auto memfd = static_cast<uint64_t>(f.files.memfd_create("m", 0).value());
  CHECK(f.ftruncate(memfd, (uint64_t{1} << 63) - 1) == "0");
  f.validate();
}

TEST_CASE("Files: fsync writes the file's dirty pages and no others") {
  FilesFixture f;
  const uint64_t a = f.get_open("/a", kO_RDWR | kO_CREAT);
  const uint64_t b = f.get_open("/b", kO_RDWR | kO_CREAT);
  CHECK(f.pwrite(a, "x", 0) == "1");
  CHECK(f.pwrite(a, "x", 9000) == "1");
  CHECK(f.pwrite(b, "x", 0) == "1");
  CHECK(f.m.cache.dirty_pages() == 3);
  CHECK(show(f.files.fsync(a, f.gather)) == "0");
  CHECK(f.m.cache.dirty_pages() == 1);
  CHECK(f.m.writes() == 2);
  CHECK(show(f.files.fsync(999, f.gather)) == "EBADF");
  CHECK(show(f.files.fsync(f.get_open("/", kO_RDONLY), f.gather)) == "0");
}

TEST_CASE("Files: validate sees each broken invariant") {
  FilesFixture f;
  SUBCASE("1: too many descriptors") {
    FilesTestPeer::grow(f.files);
    CHECK(dies_with([&] { f.files.validate(); }, "descriptors_.size() <= kDescriptorsMax"));
  }
  SUBCASE("2: an open file without a backing") {
    const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
    FilesTestPeer::lose_backing(f.files, fd);
    CHECK(dies_with([&] { f.files.validate(); }, "/a is open and has no backing"));
  }
}

}  // namespace
}  // namespace faultline::proc
