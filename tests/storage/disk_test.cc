#include "sim/storage/disk.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/death.h"

namespace faultline::storage {

struct DiskTestPeer {
  static void name(Disk& disk, const std::string& path, std::shared_ptr<SimFile> file) {
    disk.files_[path] = std::move(file);
  }
  static void add_directory(Disk& disk, const std::string& path) { disk.directories_.insert(path); }
  static void forget_directory(Disk& disk, const std::string& path) {
    disk.directories_.erase(path);
  }
  static void turn_back_inodes(Disk& disk) { disk.next_inode_ = 2; }
};

namespace {

using testing::dies_with;

constexpr PageSize kPage{12};

std::shared_ptr<SimFile> make(Disk& disk, std::string_view path) {
  return disk.create(disk.look_up(path).value());
}

// The error's name, "ok", or what there is at the place.
std::string shape(const Result<Disk::Place>& place) {
  if (!place.ok()) return std::string(errno_name(place.error()));
  std::string text = place->path;
  if (place->file != nullptr) text += " file";
  if (place->directory) text += " directory";
  if (place->trailing_slash) text += " slash";
  if (place->dots) text += " dots";
  if (place->name_too_long) text += " long";
  return text;
}

TEST_CASE("Disk: look_up follows a path as the kernel does") {
  Disk disk(kPage);
  make(disk, "/tmp/a");
  const std::string name_255(255, 'x');
  const std::string name_256(256, 'x');
  struct Row {
    std::string path, expected;
  };
  for (const Row& row : std::vector<Row>{
           {"", "ENOENT"},
           {"/", "/ directory slash dots"},
           {".", "/ directory dots"},
           {"..", "/ directory dots"},
           {"/tmp", "/tmp directory"},
           {"/tmp/", "/tmp directory slash"},
           {"/tmp/a", "/tmp/a file"},
           {"tmp//./a", "/tmp/a file"},
           {"/tmp/../tmp/a", "/tmp/a file"},
           {"/tmp/a/", "/tmp/a file slash"},
           {"/tmp/a/b", "ENOTDIR"},
           {"/tmp/a/.", "ENOTDIR"},
           {"/tmp/a/..", "ENOTDIR"},
           {"/tmp/b", "/tmp/b"},
           {"/new/b", "/new/b"},
           {"/new", "/new directory"},
           {"/dev/shm", "/dev/shm directory"},
           {"/" + name_255, "/" + name_255},
           {"/" + name_256, "/" + name_256 + " long"},
           {"/" + name_256 + "/b", "ENAMETOOLONG"},
           {"/" + std::string(4095, '/'), "ENAMETOOLONG"},
           {std::string(4095, '/'), "/ directory slash dots"},
       }) {
    CAPTURE(row.path);
    CHECK(shape(disk.look_up(row.path)) == row.expected);
    disk.validate();
  }
}

TEST_CASE("Disk: files under /dev/shm are of tmpfs, all others of the disk") {
  Disk disk(kPage);
  CHECK(make(disk, "/dev/shm/a")->kind() == FileKind::kTmpfs);
  CHECK(make(disk, "/dev/shm/d/a")->kind() == FileKind::kTmpfs);
  CHECK(make(disk, "/dev/shmem")->kind() == FileKind::kDisk);
  CHECK(make(disk, "/data/dev/shm/a")->kind() == FileKind::kDisk);
  disk.validate();
}

TEST_CASE("Disk: inode numbers are never used twice") {
  Disk disk(kPage);
  const uint64_t first = make(disk, "/a")->inode();
  disk.unlink(disk.look_up("/a").value());
  const uint64_t second = disk.make_nameless(FileKind::kSharedAnon, "/dev/zero")->inode();
  CHECK(second == first + 1);
  CHECK(make(disk, "/a")->inode() == second + 1);
}

TEST_CASE("Disk: a file lives on without its name while it is used") {
  Disk disk(kPage);
  const auto file = make(disk, "/a");
  file->set_size(100);
  disk.unlink(disk.look_up("/a").value());
  CHECK(disk.find("/a") == nullptr);
  CHECK(file->unlinked());
  CHECK(file->size_bytes() == 100);
  CHECK(file->display_path() == "/a (deleted)");
}

std::string rename(Disk& disk, std::string_view from, std::string_view to) {
  const auto old_place = disk.look_up(from);
  const auto new_place = disk.look_up(to);
  const Result<void> renamed = disk.rename(old_place.value(), new_place.value());
  disk.validate();
  return renamed.ok() ? "ok" : std::string(errno_name(renamed.error()));
}

TEST_CASE("Disk: rename answers as the kernel does") {
  const std::string long_name = "/t/" + std::string(256, 'x');
  struct Row {
    std::string from, to, expected;
  };
  // /t/a and /t/b are files, /t/d holds a file, /t/e is an empty directory.
  for (const Row& row : std::vector<Row>{
           {"/t/a", "/t/new", "ok"},
           {"/t/a", "/t/b", "ok"},
           {"/t/a", "/t/a", "ok"},
           {"/t/nope", "/t/b", "ENOENT"},
           {"/t/nope", "/t/d", "ENOENT"},
           {"/t/nope", long_name, "ENOENT"},
           {"/t/a", long_name, "ENAMETOOLONG"},
           {long_name, "/t/b", "ENAMETOOLONG"},
           {"/t/a", "/t/d", "EISDIR"},
           {"/t/a", "/t/new/", "ENOTDIR"},
           {"/t/a/", "/t/new", "ENOTDIR"},
           {"/t/d", "/t/a", "ENOTDIR"},
           {"/t/d", "/t/d", "ok"},
           {"/t/d", "/t/d/x", "EINVAL"},
           {"/t/d/f", "/t/d", "ENOTEMPTY"},
           {"/t/e", "/t/d", "ENOTEMPTY"},
           {"/t/d", "/t/e", "ok"},
           {"/t/d", "/t/new/", "ok"},
           {"/t/a", "/", "EBUSY"},
           {"/t/.", "/t/new", "EBUSY"},
           {"/t/d/..", "/t/new", "EBUSY"},
           {"/t/a", "/dev/shm/a", "EXDEV"},
           {"/t/nope", "/dev/shm/a", "EXDEV"},
           {"/dev/shm/a", "/", "EXDEV"},
           {"/dev/shm", "/t/new", "EBUSY"},
       }) {
    CAPTURE(row.from);
    CAPTURE(row.to);
    Disk disk(kPage);
    for (const char* path : {"/t/a", "/t/b", "/t/d/f"}) make(disk, path);
    REQUIRE(disk.look_up("/t/e/x").ok());
    CHECK(rename(disk, row.from, row.to) == row.expected);
  }
}

TEST_CASE("Disk: rename takes the name from the file that had it") {
  Disk disk(kPage);
  const auto a = make(disk, "/a");
  const auto b = make(disk, "/b");
  CHECK(rename(disk, "/a", "/b") == "ok");
  CHECK(disk.find("/b") == a);
  CHECK(disk.find("/a") == nullptr);
  CHECK(a->display_path() == "/b");
  CHECK(b->display_path() == "/b (deleted)");
}

TEST_CASE("Disk: a directory moves with all in it, and with nothing else") {
  Disk disk(kPage);
  const auto inner = make(disk, "/d/e/f");
  make(disk, "/d2");
  CHECK(rename(disk, "/d", "/n") == "ok");
  CHECK(disk.find("/n/e/f") == inner);
  CHECK(inner->display_path() == "/n/e/f");
  CHECK(disk.find("/d2") != nullptr);
  CHECK_FALSE(disk.look_up("/d").value().directory);
  CHECK(disk.look_up("/n/e").value().directory);
}

TEST_CASE("Disk: a power cut takes tmpfs and leaves the disk") {
  Disk disk(kPage);
  const auto kept = make(disk, "/a");
  const auto lost = make(disk, "/dev/shm/a");
  disk.power_cut();
  CHECK(disk.find("/a") == kept);
  CHECK(disk.find("/dev/shm/a") == nullptr);
  CHECK(lost->unlinked());
  disk.validate();
}

TEST_CASE("Disk: validate sees each broken invariant") {
  Disk disk(kPage);
  const auto file = make(disk, "/t/a");
  SUBCASE("1: a file and a directory") {
    DiskTestPeer::add_directory(disk, "/t/a");
    CHECK(dies_with([&] { disk.validate(); }, "/t/a is a file and a directory"));
  }
  SUBCASE("2: no directory") {
    DiskTestPeer::forget_directory(disk, "/t");
    CHECK(dies_with([&] { disk.validate(); }, "/t/a lies in no directory"));
  }
  SUBCASE("3: no link") {
    file->remove_link();
    CHECK(dies_with([&] { disk.validate(); }, "/t/a does not know its name"));
  }
  SUBCASE("3: another name") {
    DiskTestPeer::name(disk, "/t/b", file);
    CHECK(dies_with([&] { disk.validate(); }, "/t/b does not know its name"));
  }
  SUBCASE("3: the wrong file system") {
    const auto other = disk.make_nameless(FileKind::kTmpfs, "/t/b");
    other->add_link();
    DiskTestPeer::name(disk, "/t/b", other);
    CHECK(dies_with([&] { disk.validate(); }, "/t/b lies on the wrong file system"));
  }
  SUBCASE("4: an inode number not given out") {
    DiskTestPeer::turn_back_inodes(disk);
    CHECK(dies_with([&] { disk.validate(); }, "/t/a has the inode number of another file"));
  }
}

TEST_CASE("Disk: validate sees an inode number given out twice") {
  Disk disk(kPage);
  make(disk, "/t/a");
  DiskTestPeer::turn_back_inodes(disk);
  make(disk, "/t/b");
  CHECK(dies_with([&] { disk.validate(); }, "/t/b has the inode number of another file"));
}

TEST_CASE("Disk: wrong calls stop the program") {
  Disk disk(kPage);
  make(disk, "/a");
  CHECK(dies_with([&] { make(disk, "/a"); }, "place.file == nullptr"));
  CHECK(dies_with([&] { disk.unlink(disk.look_up("/b").value()); }, "found != files_.end()"));
}

}  // namespace
}  // namespace faultline::storage
