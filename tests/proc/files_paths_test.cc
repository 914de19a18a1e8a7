#include <doctest/doctest.h>

#include "sim/proc/files.h"
#include "tests/proc/files_fixture.h"

namespace faultline::proc {
namespace {

using linux_abi::kO_APPEND;
using linux_abi::kO_CREAT;
using linux_abi::kO_DIRECT;
using linux_abi::kO_DIRECTORY;
using linux_abi::kO_EXCL;
using linux_abi::kO_PATH;
using linux_abi::kO_RDONLY;
using linux_abi::kO_RDWR;
using linux_abi::kO_TRUNC;
using linux_abi::kO_WRONLY;
using linux_abi::kSEEK_END;
using testing::FilesFixture;
using testing::show;

constexpr uint64_t kO_TMPFILE = 0x400000 | kO_DIRECTORY;

TEST_CASE("Files: open answers as the kernel does") {
  struct Row {
    std::string path;
    uint64_t flags;
    const char* answer;
  };
  // "a" is a file, "d" a directory.
  for (const bool tmpfs : {false, true}) {
    for (const Row& row : std::vector<Row>{
             {"nope", kO_RDWR, "ENOENT"},
             {"a", kO_RDWR | kO_CREAT | kO_EXCL, "EEXIST"},
             {"nope", kO_RDWR | kO_EXCL, "ENOENT"},
             {"a", kO_RDWR | kO_EXCL, "3"},
             {"nope", kO_RDWR | kO_CREAT | kO_EXCL, "3"},
             {"a", kO_DIRECTORY, "ENOTDIR"},
             {"a", kO_DIRECTORY | kO_CREAT, "EINVAL"},
             {"nope", kO_DIRECTORY | kO_CREAT, "EINVAL"},
             {"nope", kO_DIRECTORY, "ENOENT"},
             {"d", kO_DIRECTORY, "3"},
             {"a/", kO_RDONLY, "ENOTDIR"},
             {"a/b", kO_RDONLY, "ENOTDIR"},
             {"a/b", kO_RDWR | kO_CREAT, "ENOTDIR"},
             {"nope/", kO_RDWR | kO_CREAT, "EISDIR"},
             {"nope/", kO_RDONLY, "ENOENT"},
             {"d", kO_RDWR, "EISDIR"},
             {"d", kO_WRONLY, "EISDIR"},
             {"d", 3, "EISDIR"},
             {"d", kO_RDONLY | kO_CREAT, "EISDIR"},
             {"d", kO_RDONLY | kO_CREAT | kO_EXCL, "EEXIST"},
             {"d/", kO_RDWR | kO_CREAT, "EISDIR"},
             {"d", kO_RDONLY | kO_TRUNC, "EISDIR"},
             {"d", kO_RDONLY | kO_APPEND, "3"},
             {"d/", kO_RDWR, "EISDIR"},
             {"d", kO_RDONLY, "3"},
             {"a", 3, "3"},
             {"a", kO_CREAT | kO_PATH | kO_RDWR, "3"},
             {"nope", kO_CREAT | kO_PATH | kO_RDWR, "ENOENT"},
             {"a", kO_RDONLY | 0x80000000, "3"},
             {"a", kO_TMPFILE | kO_RDWR, "ENOTDIR"},
             {"d", kO_TMPFILE | kO_RDONLY, "EINVAL"},
             {"d", kO_TMPFILE | kO_RDWR, "3"},
             {"a", kO_DIRECT | kO_RDWR, "3"},
             {std::string(256, 'x'), kO_RDWR | kO_CREAT, "ENAMETOOLONG"},
             {std::string(255, 'x'), kO_RDWR, "ENOENT"},
             {std::string(4096, '/'), kO_RDONLY, "ENAMETOOLONG"},
         }) {
      CAPTURE(tmpfs);
      CAPTURE(row.path);
      CAPTURE(row.flags);
      FilesFixture f;
      const std::string root = tmpfs ? "/dev/shm/t/" : "/t/";
      REQUIRE(f.open(root + "a", kO_RDWR | kO_CREAT) == "3");
      REQUIRE(f.open(root + "d/x", kO_RDWR | kO_CREAT) == "4");
      REQUIRE(show(f.files.close(3)) == "0");
      CHECK(f.open(root + row.path, row.flags) == row.answer);
      f.validate();
    }
  }
}

TEST_CASE("Files: open of the roots and of dots") {
  FilesFixture f;
  CHECK(f.open("", kO_RDWR) == "ENOENT");
  CHECK(f.open("/", kO_RDWR) == "EISDIR");
  CHECK(f.open("/", kO_RDWR | kO_CREAT) == "EISDIR");
  CHECK(f.open("/", kO_CREAT | kO_EXCL) == "EEXIST");
  CHECK(f.open(".", kO_RDWR) == "EISDIR");
  CHECK(f.open("..", kO_RDONLY) == "3");
  CHECK(f.open("/dev/shm", kO_RDONLY) == "4");
}

TEST_CASE("Files: the access mode decides what a descriptor can do") {
  struct Row {
    uint64_t flags;
    bool readable, writable;
  };
  for (const Row& row : {Row{kO_RDONLY, true, false}, Row{kO_WRONLY, false, true},
                         Row{kO_RDWR, true, true}, Row{3, false, false}}) {
    CAPTURE(row.flags);
    FilesFixture f;
    const uint64_t fd = f.get_open("/a", row.flags | kO_CREAT);
    const auto file = f.files.get(fd).value();
    CHECK(file->readable == row.readable);
    CHECK(file->writable == row.writable);
    CHECK(f.pread(fd, 0, 0) == (row.readable ? "" : "EBADF"));
    CHECK(f.pwrite(fd, "", 0) == (row.writable ? "0" : "EBADF"));
  }
}

TEST_CASE("Files: O_TRUNC empties a file whatever the access mode, but not with O_PATH") {
  struct Row {
    uint64_t flags;
    const char* size;
  };
  for (const Row& row : {Row{kO_RDONLY, "0"}, {kO_RDWR, "0"}, {3, "0"}, {kO_PATH, "3"}}) {
    CAPTURE(row.flags);
    FilesFixture f;
    const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
    CHECK(f.pwrite(fd, "abc", 0) == "3");
    CHECK(f.open("/a", row.flags | kO_TRUNC) == "4");
    CHECK(f.lseek(fd, 0, kSEEK_END) == row.size);
    f.validate();
  }
}

TEST_CASE("Files: the mode counts from the second open on") {
  struct Row {
    uint64_t mode, flags;
    const char* answer;
  };
  for (const Row& row : {Row{0444, kO_RDONLY, "4"}, Row{0444, kO_RDWR, "EACCES"},
                         Row{0444, kO_RDONLY | kO_TRUNC, "EACCES"}, Row{0200, kO_WRONLY, "4"},
                         Row{0200, kO_RDONLY, "EACCES"}, Row{0200, 3, "EACCES"},
                         Row{0, kO_PATH, "4"}, Row{0666, kO_RDWR, "4"}}) {
    CAPTURE(row.mode);
    CAPTURE(row.flags);
    FilesFixture f;
    REQUIRE(f.open("/a", kO_RDWR | kO_CREAT, row.mode) == "3");
    CHECK(f.write(3, "x") == "1");
    CHECK(f.open("/a", row.flags) == row.answer);
    CHECK(f.truncate("/a", 0) == ((row.mode & 0200) != 0 ? "0" : "EACCES"));
  }
}

TEST_CASE("Files: O_TMPFILE makes a file without a name") {
  FilesFixture f;
  const uint64_t nameless = f.get_open("/dev/shm", kO_TMPFILE | kO_RDWR);
  CHECK_FALSE(f.files.get(nameless).value()->backing->write_notify());
  CHECK(f.write(nameless, "abc") == "3");
  CHECK(show(f.files.close(nameless)) == "0");
  CHECK(f.m.cache.cached_pages() == 0);
}

TEST_CASE("Files: unlink answers as the kernel does") {
  struct Row {
    std::string path;
    const char* answer;
  };
  for (const Row& row : std::vector<Row>{{"/t/nope", "ENOENT"},
                                         {"", "ENOENT"},
                                         {"/t/a/x", "ENOTDIR"},
                                         {"/new/x", "ENOENT"},
                                         {"/t/d/", "EISDIR"},
                                         {"/t/d", "EISDIR"},
                                         {"/t/a/", "ENOTDIR"},
                                         {"/t/a", "0"},
                                         {"/", "EISDIR"},
                                         {".", "EISDIR"},
                                         {"/t/d/..", "EISDIR"},
                                         {"/t/" + std::string(256, 'x'), "ENAMETOOLONG"}}) {
    CAPTURE(row.path);
    FilesFixture f;
    f.get_open("/t/a", kO_RDWR | kO_CREAT);
    f.get_open("/t/d/x", kO_RDWR | kO_CREAT);
    CHECK(show(f.files.unlink(row.path)) == row.answer);
    f.validate();
  }
}

TEST_CASE("Files: an unlinked file lives while it is open, and its name is free") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.write(fd, "old") == "3");
  CHECK(show(f.files.unlink("/a")) == "0");
  CHECK(f.pread(fd, 3, 0) == "old");
  CHECK(f.open("/a", kO_RDWR) == "ENOENT");
  CHECK(f.open("/a", kO_RDWR | kO_CREAT) == "4");
  CHECK(f.pread(4, 3, 0) == "");
  CHECK(show(f.files.close(fd)) == "0");
  CHECK(f.m.cache.cached_pages() == 0);
  f.validate();
}

TEST_CASE("Files: what rename replaces goes with its pages") {
  FilesFixture f;
  CHECK(f.pwrite(f.get_open("/a", kO_RDWR | kO_CREAT), "new", 0) == "3");
  CHECK(f.pwrite(f.get_open("/b", kO_RDWR | kO_CREAT), "old", 0) == "3");
  CHECK(show(f.files.close(4)) == "0");
  CHECK(f.m.cache.cached_pages() == 2);
  CHECK(show(f.files.rename("/a", "/b")) == "0");
  CHECK(f.m.cache.cached_pages() == 1);
  CHECK(f.pread(f.get_open("/b", kO_RDONLY), 3, 0) == "new");
  CHECK(f.open("/a", kO_RDONLY) == "ENOENT");
  CHECK(show(f.files.rename("/a", "/c")) == "ENOENT");
  CHECK(show(f.files.rename("", "/c")) == "ENOENT");
  CHECK(show(f.files.rename("/b", "")) == "ENOENT");
  CHECK(show(f.files.rename("/b/x", "/c")) == "ENOTDIR");
  CHECK(show(f.files.rename("/b", "/dev/shm/c")) == "EXDEV");
  f.validate();
}

TEST_CASE("Files: create makes the pattern: cached on tmpfs, on the disk not") {
  for (const bool tmpfs : {false, true}) {
    CAPTURE(tmpfs);
    FilesFixture f;
    const std::string path = tmpfs ? "/dev/shm/a" : "/data/a";
    CHECK(show(f.files.create(path, {10000, 7}, f.call())) == "0");
    CHECK(f.m.cache.cached_pages() == (tmpfs ? 3 : 0));
    CHECK(f.m.reads() == 0);
    const uint64_t fd = f.get_open(path, kO_RDWR);
    CHECK(f.pread(fd, 100000, 9999) == std::string(1, char((9999 * 31 + 2 * 7 + 7) & 0xff)));
    // What was there before is gone.
    CHECK(f.pwrite(fd, "xyz", 20000) == "3");
    CHECK(show(f.files.create(path, {5, 0}, f.call())) == "0");
    CHECK(f.pread(fd, 100, 0) == std::string("\0\x1f\x3e\x5d\x7c", 5));
    CHECK(show(f.files.create(path + "/x", {5, 0}, f.call())) == "ENOTDIR");
    CHECK(show(f.files.create("/dev", {5, 0}, f.call())) == "EISDIR");
    f.validate();
  }
  FilesFixture f;
  CHECK(show(f.files.create("/a", {uint64_t{1} << 44, 0}, f.call())) == "EFBIG");
  CHECK(show(f.files.create("/dev/shm/a", {uint64_t{13} << 30, 0}, f.call())) == "ENOSPC");
  CHECK(f.m.disk.find("/a") == nullptr);
}

}  // namespace
}  // namespace faultline::proc
