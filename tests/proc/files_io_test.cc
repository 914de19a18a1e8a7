#include <doctest/doctest.h>

#include <algorithm>

#include "sim/base/prng.h"
#include "sim/proc/files.h"
#include "tests/proc/files_fixture.h"

namespace faultline::proc {
namespace {

using linux_abi::kO_APPEND;
using linux_abi::kO_CREAT;
using linux_abi::kO_RDONLY;
using linux_abi::kO_RDWR;
using linux_abi::kO_SYNC;
using linux_abi::kO_WRONLY;
using linux_abi::kSEEK_CUR;
using linux_abi::kSEEK_END;
using linux_abi::kSEEK_SET;
using testing::FakeSink;
using testing::FakeSource;
using testing::FilesFixture;
using testing::show;

constexpr uint64_t kMax = (uint64_t{1} << 63) - 1;
constexpr uint64_t kDiskMax = (uint64_t{1} << 44) - 4096;

TEST_CASE("Files: reads end at the end of the file") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.write(fd, "hello") == "5");
  CHECK(f.pread(fd, 100, 0) == "hello");
  CHECK(f.pread(fd, 100, 3) == "lo");
  CHECK(f.pread(fd, 100, 5) == "");
  CHECK(f.pread(fd, 100, 5000) == "");
  CHECK(f.pread(fd, 0, 0) == "");
  CHECK(f.lseek(fd, 1, kSEEK_SET) == "1");
  CHECK(f.read(fd, 2) == "el");
  CHECK(f.read(fd, 9) == "lo");
  CHECK(f.read(fd, 9) == "");
  CHECK(f.lseek(fd, 0, kSEEK_CUR) == "5");
}

TEST_CASE("Files: pread and pwrite leave the position, and check the offset before all else") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.pwrite(fd, "abc", 10) == "3");
  CHECK(f.pread(fd, 3, 10) == "abc");
  CHECK(f.lseek(fd, 0, kSEEK_CUR) == "0");
  CHECK(f.pread(999, 1, ~uint64_t{0}) == "EINVAL");
  CHECK(f.pwrite(999, "x", ~uint64_t{0}) == "EINVAL");
  CHECK(f.pread(999, 1, 0) == "EBADF");
}

TEST_CASE("Files: the errors of read come in the kernel's order") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/t/a", kO_RDWR | kO_CREAT);
  const uint64_t write_only = f.get_open("/t/a", kO_WRONLY);
  const uint64_t directory = f.get_open("/t", kO_RDONLY);
  FakeSink bad;
  bad.user_space = false;
  CHECK(show(f.files.pread(write_only, {0, 1}, bad, f.call())) == "EBADF");
  CHECK(show(f.files.pread(fd, {0, 0}, bad, f.call())) == "EFAULT");
  CHECK(show(f.files.pread(fd, {0, 1}, bad, f.call())) == "EFAULT");
  CHECK(show(f.files.pread(directory, {0, 1}, bad, f.call())) == "EFAULT");
  CHECK(f.pread(directory, 1, 0) == "EISDIR");
  CHECK(f.read(directory, 0) == "EISDIR");
  CHECK(f.pread(directory, 1, kMax) == "EINVAL");
  CHECK(f.pread(fd, 10, kMax - 5) == "EINVAL");
  CHECK(f.pread(fd, 0, kMax) == "");
  CHECK(f.pread(fd, ~uint64_t{0}, 0) == "EFAULT");
  CHECK(f.pread(write_only, 0, 0) == "EBADF");
}

TEST_CASE("Files: the errors of write come in the kernel's order") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/t/a", kO_RDWR | kO_CREAT);
  const uint64_t read_only = f.get_open("/t/a", kO_RDONLY);
  const uint64_t directory = f.get_open("/t", kO_RDONLY);
  FakeSource bad("x");
  bad.user_space = false;
  CHECK(show(f.files.pwrite(read_only, {0, 1}, bad, f.call())) == "EBADF");
  CHECK(show(f.files.pwrite(fd, {0, 1}, bad, f.call())) == "EFAULT");
  CHECK(f.pwrite(directory, "x", 0) == "EBADF");
  CHECK(f.pwrite(read_only, "", 0) == "EBADF");
  CHECK(f.pwrite(fd, "x", kMax) == "EINVAL");
  CHECK(f.pwrite(fd, "", kMax) == "0");
  CHECK(f.pwrite(fd, "x", kDiskMax) == "EFBIG");
  CHECK(f.pwrite(fd, "", kDiskMax) == "0");
  CHECK(f.pwrite(fd, "xy", kDiskMax - 1) == "1");
  CHECK(f.lseek(fd, 0, kSEEK_END) == std::to_string(kDiskMax));
  const auto memfd = static_cast<uint64_t>(f.files.memfd_create("m", 0).value());
  CHECK(f.pwrite(memfd, "xy", kMax - 5) == "2");
  CHECK(f.pwrite(memfd, "xy", kMax - 1) == "EINVAL");
  f.validate();
}

TEST_CASE("Files: memory that cannot be touched shortens a read, or fails it") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.write(fd, std::string(8192, 'a')) == "8192");
  struct Row {
    uint64_t good, offset, length;
    const char* answer;
  };
  for (const Row& row :
       {Row{100, 0, 200, "100"}, Row{0, 0, 10, "EFAULT"}, Row{0, 0, 0, "0"}, Row{0, 8192, 10, "0"},
        Row{100, 4000, 200, "100"}, Row{96, 4000, 200, "96"}, Row{4096, 0, 8192, "4096"}}) {
    CAPTURE(row.good);
    CAPTURE(row.offset);
    FakeSink sink;
    sink.good_bytes = row.good;
    CHECK(f.lseek(fd, row.offset, kSEEK_SET) == std::to_string(row.offset));
    const auto done = f.files.read(fd, row.length, sink, f.call());
    CHECK(show(done) == row.answer);
    const uint64_t moved = done.ok() ? *done : 0;
    CHECK(f.lseek(fd, 0, kSEEK_CUR) == std::to_string(row.offset + moved));
  }
}

TEST_CASE(
    "Files: memory that cannot be touched shortens a write, or fails it once it has its page") {
  struct Row {
    uint64_t good, offset, length;
    const char* answer;
    uint64_t size_after;
  };
  for (const Row& row :
       {Row{100, 0, 200, "100", 100}, Row{0, 0, 10, "EFAULT", 0}, Row{100, 4046, 200, "100", 4146},
        Row{50, 4046, 200, "50", 4096}, Row{0, 0, 0, "0", 0}}) {
    CAPTURE(row.good);
    FilesFixture f;
    const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
    FakeSource source(std::string(row.good, 'v'));
    CHECK(show(f.files.pwrite(fd, {row.offset, row.length}, source, f.call())) == row.answer);
    CHECK(f.lseek(fd, 0, kSEEK_END) == std::to_string(row.size_after));
    CHECK((f.m.cache.cached_pages() == 0) == (row.length == 0));
    f.validate();
  }
}

TEST_CASE("Files: O_APPEND writes at the end, pwrite too") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT | kO_APPEND);
  CHECK(f.pwrite(fd, "abc", 100) == "3");
  CHECK(f.lseek(fd, 0, kSEEK_CUR) == "0");
  CHECK(f.lseek(fd, 50, kSEEK_SET) == "50");
  CHECK(f.write(fd, "x") == "1");
  CHECK(f.lseek(fd, 0, kSEEK_CUR) == "4");
  CHECK(f.lseek(fd, 2, kSEEK_SET) == "2");
  CHECK(f.write(fd, "") == "0");
  CHECK(f.lseek(fd, 0, kSEEK_CUR) == "2");
  CHECK(f.pread(fd, 9, 0) == "abcx");
}

TEST_CASE("Files: a write past the end leaves a hole of zeros") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.pwrite(fd, "x", 10000) == "1");
  CHECK(f.pread(fd, 5, 9998) == std::string("\0\0x", 3));
  CHECK(f.m.cache.cached_pages() == 1);
  f.validate();
}

TEST_CASE("Files: a full memory shortens a write, or fails it") {
  FilesFixture f({.frame_count = 2});
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.write(fd, std::string(3 * 4096, 'x')) == "8192");
  CHECK(f.write(fd, "x") == "ENOMEM");
  CHECK(f.lseek(fd, 0, kSEEK_END) == "8192");
  CHECK(f.ftruncate(fd, 5 * 4096) == "0");
  CHECK(f.pread(fd, 10, 8192) == "ENOMEM");
  CHECK(f.pread(fd, 4097, 4096).size() == 4096);
  f.validate();
}

TEST_CASE("Files: O_DSYNC writes the pages of each write to the disk") {
  FilesFixture f;
  const uint64_t plain = f.get_open("/a", kO_RDWR | kO_CREAT);
  const uint64_t sync = f.get_open("/a", kO_RDWR | kO_SYNC);
  CHECK(f.pwrite(plain, "x", 3 * 4096) == "1");
  CHECK(f.m.writes() == 0);
  CHECK(f.pwrite(sync, "ab", 4095) == "2");
  CHECK(f.m.writes() == 2);
  CHECK(f.m.cache.dirty_pages() == 1);
}

TEST_CASE("Files: a reader gets what a mapping of the same file stored, and the other way") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.write(fd, "hello") == "5");
  cache::Backing& backing = *f.files.get(fd).value()->backing;
  testing::FakeSpace space(f.m.frames, f.m.allocator, f.m.rmap);
  space.map(0, f.m.get(backing, 0).pfn);
  space.store(0, 0, 'J');
  CHECK(f.pread(fd, 5, 0) == "Jello");
  CHECK(f.pwrite(fd, "y", 4) == "1");
  CHECK(space.load(0, 4) == 'y');
}

TEST_CASE("Files: without contents every count and position is the same") {
  std::string transcripts[2];
  for (const Contents contents : {Contents::kBytes, Contents::kNone}) {
    FilesFixture f({.contents = contents});
    std::string& text = transcripts[contents == Contents::kNone];
    const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
    text += f.write(fd, std::string(10000, 'x')) + " ";
    text += f.lseek(fd, 0, kSEEK_CUR) + " ";
    text += std::to_string(f.pread(fd, 5000, 7000).size()) + " ";
    text += f.ftruncate(fd, 5000) + " ";
    text += std::to_string(f.pread(fd, 5000, 3000).size()) + " ";
    text += show(f.files.fsync(fd, f.gather)) + " ";
    text += std::to_string(f.m.writes());
    f.validate();
  }
  CHECK(transcripts[0] == "10000 10000 3000 0 2000 0 2");
  CHECK(transcripts[0] == transcripts[1]);
}

TEST_CASE("Files: random calls on two descriptors agree with a plain string, in little memory") {
  for (const std::string path : {"/a", "/dev/shm/a"}) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
      CAPTURE(path);
      CAPTURE(seed);
      base::Prng prng(seed);
      FilesFixture f({.frame_count = 3, .reclaims = true});
      const uint64_t fds[2] = {f.get_open(path, kO_RDWR | kO_CREAT), f.get_open(path, kO_RDWR)};
      std::string model;
      uint64_t positions[2] = {0, 0};
      for (int step = 0; step < 200; ++step) {
        const uint64_t who = prng.below(2);
        const uint64_t fd = fds[who];
        uint64_t& position = positions[who];
        const uint64_t length = prng.below(9000);
        switch (prng.below(5)) {
          case 0: {
            const std::string text(length, char('a' + prng.below(26)));
            REQUIRE(f.write(fd, text) == std::to_string(length));
            if (length > 0 && model.size() < position + length) model.resize(position + length);
            model.replace(std::min(position, model.size()), length, text);
            position += length;
            break;
          }
          case 1: {
            const std::string expected =
                position < model.size() ? model.substr(position, length) : "";
            REQUIRE(f.read(fd, length) == expected);
            position += expected.size();
            break;
          }
          case 2:
            position = prng.below(30000);
            REQUIRE(f.lseek(fd, position, kSEEK_SET) == std::to_string(position));
            break;
          case 3:
            model.resize(length);
            REQUIRE(f.ftruncate(fd, length) == "0");
            break;
          default:
            REQUIRE(show(f.files.fsync(fd, f.gather)) == "0");
        }
        f.validate();
      }
      REQUIRE(f.pread(fds[0], 100000, 0) == model);
    }
  }
}

}  // namespace
}  // namespace faultline::proc
