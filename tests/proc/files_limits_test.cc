// RLIMIT_FSIZE. tests/scenarios/linux/i7-file-limits.scn has what the kernel said.
#include <doctest/doctest.h>

#include "tests/proc/files_fixture.h"

namespace faultline::proc {
namespace {

using linux_abi::kFALLOC_FL_KEEP_SIZE;
using linux_abi::kFALLOC_FL_ZERO_RANGE;
using linux_abi::kO_APPEND;
using linux_abi::kO_CREAT;
using linux_abi::kO_RDWR;
using linux_abi::kO_WRONLY;
using testing::FilesFixture;
using testing::show;

TEST_CASE("Files: of a write what the limit of size lets in is written") {
  FilesFixture f;
  for (const char* path : {"/a", "/dev/shm/a"}) {
    CAPTURE(path);
    f.size_bytes_max = 10;
    const uint64_t fd = f.get_open(path, kO_RDWR | kO_CREAT);
    CHECK(f.write(fd, "12345678") == "8");
    CHECK(f.write(fd, "90abc") == "2");
    CHECK(f.write(fd, "x") == "EFBIG");
    CHECK(f.write(fd, "") == "0");
    CHECK(f.pwrite(fd, "AB", 9) == "1");
    CHECK(f.pread(fd, 20, 0) == "123456789A");
    const uint64_t end = f.get_open(path, kO_WRONLY | kO_APPEND);
    CHECK(f.pwrite(end, "x", 0) == "EFBIG");
    // As a signed number it is below every offset.
    f.size_bytes_max = uint64_t{1} << 63;
    CHECK(f.pwrite(fd, "x", 0) == "EFBIG");
  }
  f.validate();
}

TEST_CASE("Files: a file does not grow beyond the limit of size, and may shrink above it") {
  FilesFixture f;
  const uint64_t fd = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(f.ftruncate(fd, 1000) == "0");
  f.size_bytes_max = 100;
  CHECK(f.ftruncate(fd, 1001) == "EFBIG");
  CHECK(f.ftruncate(fd, 1000) == "0");
  CHECK(f.truncate("/a", 900) == "0");
  CHECK(f.truncate("/a", 901) == "EFBIG");
}

TEST_CASE("Files: fallocate obeys the limit where the file grows, on tmpfs always") {
  FilesFixture f;
  f.size_bytes_max = 100;
  const auto fallocate = [&](uint64_t fd, uint64_t mode) {
    return show(f.files.fallocate(fd, mode, {0, 4096}, f.call()));
  };
  const uint64_t disk = f.get_open("/a", kO_RDWR | kO_CREAT);
  CHECK(fallocate(disk, 0) == "EFBIG");
  CHECK(fallocate(disk, kFALLOC_FL_ZERO_RANGE) == "EFBIG");
  CHECK(fallocate(disk, kFALLOC_FL_KEEP_SIZE) == "0");
  const uint64_t tmpfs = f.get_open("/dev/shm/a", kO_RDWR | kO_CREAT);
  CHECK(fallocate(tmpfs, 0) == "EFBIG");
  CHECK(fallocate(tmpfs, kFALLOC_FL_KEEP_SIZE) == "EFBIG");
}

}  // namespace
}  // namespace faultline::proc
