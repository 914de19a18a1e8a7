#include <doctest/doctest.h>

#include <string>

#include "sim/cache/page_cache.h"
#include "tests/cache/cached_machine.h"

namespace faultline::cache {
namespace {

using testing::CachedMachine;
using testing::FakeSpace;

TEST_CASE("Truncate: pages beyond the new end go, dirty or not, and the last one is dirty") {
  struct Row {
    uint64_t size_bytes;
    std::string after;
  };
  for (const Row& row : {Row{0, "....."}, Row{1, "#...."}, Row{4096, "c...."}, Row{5000, "c#..."},
                         Row{8192, "c#..."}, Row{3 * 4096 + 1, "c#c#."}, Row{16383, "c#c#."}}) {
    CAPTURE(row.size_bytes);
    CachedMachine m;
    const auto backing = m.create("/a", 4 * 4096);
    for (uint64_t pgoff = 0; pgoff < 4; ++pgoff) m.get(*backing, pgoff);
    m.write_byte(*backing, 4096, 1);
    m.write_byte(*backing, 3 * 4096, 1);
    m.truncate(*backing, row.size_bytes);
    CHECK(m.picture(*backing, 5) == row.after);
    CHECK(backing->size_bytes() == row.size_bytes);
    CHECK(m.writes() == 0);
    m.validate();
  }
}

TEST_CASE("Truncate: mappings lose the pages beyond, copies of private ones too") {
  CachedMachine m;
  const auto backing = m.create("/a", 4 * 4096);
  FakeSpace space(m.frames, m.allocator, m.rmap);
  space.map_backing(*backing);
  for (uint64_t pgoff = 0; pgoff < 4; ++pgoff) space.map(pgoff, m.get(*backing, pgoff).pfn);
  m.truncate(*backing, 4096 + 1);
  CHECK(space.maps(0));
  CHECK(space.maps(1));
  CHECK_FALSE(space.maps(2));
  CHECK_FALSE(space.maps(3));
  REQUIRE(space.zapped.has_value());
  CHECK(space.zapped->first == 2);
  CHECK(space.zapped->backing == backing->number());
  CHECK(space.zapped_what == rmap::Zap::kCopiesToo);
  m.validate();
}

TEST_CASE("Zero: a part of a page past the end of a disk file comes in, and goes when it is cut") {
  CachedMachine m;
  const auto backing = m.create("/a", 4096);
  const auto shmem = m.create("/dev/shm/a", 4096);
  hw::TlbGather gather;
  for (const auto& each : {backing, shmem})
    m.cache.zero_bytes(*each, {3 * 4096 + 10, 100}, m, gather);
  gather.clear();
  CHECK(m.cache.find(*backing, 3) != kNoPfn);
  CHECK(m.cache.find_uptodate(*backing, 3) == kNoPfn);
  CHECK(m.cache.find(*shmem, 3) == kNoPfn);
  m.validate();
  m.truncate(*backing, 4 * 4096);
  CHECK(m.cache.find(*backing, 3) != kNoPfn);
  m.validate();
  m.truncate(*backing, 4096);
  CHECK(m.cache.find(*backing, 3) == kNoPfn);
  m.validate();
}

TEST_CASE("Punch: whole pages go, dirty ones too; copies of private mappings stay") {
  CachedMachine m;
  const auto backing = m.create("/a", 4 * 4096);
  FakeSpace space(m.frames, m.allocator, m.rmap);
  space.map_backing(*backing);
  for (uint64_t pgoff = 0; pgoff < 4; ++pgoff) space.map(pgoff, m.get(*backing, pgoff).pfn);
  m.write_byte(*backing, 4096, 1);
  m.write_byte(*backing, 3 * 4096, 1);
  hw::TlbGather gather;
  m.cache.punch(*backing, {1, 2}, gather);
  gather.clear();
  CHECK(m.picture(*backing, 4) == "c..#");
  CHECK(space.zapped_what == rmap::Zap::kPages);
  CHECK(backing->size_bytes() == 4 * 4096);
  CHECK(m.durable_byte(*backing, 4096 + 7) == 0);
  CHECK_FALSE(backing->file().has_page(1));
  m.get(*backing, 1);
  CHECK(m.cached_byte(*backing, 4096) == 0);
  CHECK(m.cached_byte(*backing, 3 * 4096) == 1);
  m.validate();
}

TEST_CASE("Truncate: a file that grows unmaps nothing") {
  CachedMachine m;
  const auto backing = m.create("/a", 4096);
  FakeSpace space(m.frames, m.allocator, m.rmap);
  space.map_backing(*backing);
  space.map(0, m.get(*backing, 0).pfn);
  m.truncate(*backing, 3 * 4096);
  CHECK_FALSE(space.zapped.has_value());
  CHECK(space.maps(0));
}

TEST_CASE("Truncate: the tail of the new last page is zero at once, and stays so") {
  for (const std::string path : {"/a", "/dev/shm/a"}) {
    CAPTURE(path);
    CachedMachine m;
    const auto backing = m.create(path, 8192, 1);
    FakeSpace space(m.frames, m.allocator, m.rmap);
    space.map(0, m.get(*backing, 0).pfn);
    CHECK(space.load(0, 1500) != 0);
    m.truncate(*backing, 1000);
    CHECK(space.load(0, 999) != 0);
    CHECK(space.load(0, 1000) == 0);
    CHECK(space.load(0, 4095) == 0);
    m.truncate(*backing, 8192);
    CHECK(space.load(0, 1500) == 0);
    CHECK(m.durable_byte(*backing, 1500) == 0);
    m.validate();
  }
}

TEST_CASE("Truncate: the same size makes the tail zero, growing does so on the disk alone") {
  for (const std::string path : {"/a", "/dev/shm/a"}) {
    for (const uint64_t size_bytes : std::initializer_list<uint64_t>{5, 300, 4096, 5000}) {
      CAPTURE(path);
      CAPTURE(size_bytes);
      CachedMachine m;
      const auto backing = m.create(path, 5);
      FakeSpace space(m.frames, m.allocator, m.rmap);
      space.map(0, m.get(*backing, 0).pfn);
      m.cache.mark_dirty(*backing, 0);
      space.store(0, 100, 90);
      m.truncate(*backing, size_bytes);
      const bool kept = path != "/a" && size_bytes > 5;
      CHECK(space.load(0, 100) == (kept ? 90 : 0));
      m.validate();
    }
  }
}

TEST_CASE("Truncate: growing dirties the old last page on the disk, which comes in for that") {
  CachedMachine m;
  const auto backing = m.create("/a", 5000);
  m.truncate(*backing, 6000);
  CHECK(m.picture(*backing, 2) == ".#");
  CHECK(m.cache.find_uptodate(*backing, 1) == kNoPfn);
  CHECK_FALSE(m.get(*backing, 1).did_io);
  CHECK(m.cache.find_uptodate(*backing, 1) != kNoPfn);
  m.truncate(*backing, 7000);
  CHECK(m.picture(*backing, 2) == ".#");
  m.write_back(*backing, 0, 2);
  m.truncate(*backing, 8192);
  m.write_back(*backing, 0, 2);
  m.truncate(*backing, 9000);
  CHECK(m.picture(*backing, 2) == ".c");
  m.validate();
}

TEST_CASE("Truncate: without a frame for the last page the disk's copy alone loses its tail") {
  CachedMachine m({.frame_count = 1});
  const auto other = m.create("/b", 4096);
  const auto backing = m.create("/a", 5000);
  m.get(*other, 0);
  m.truncate(*backing, 4096 + 10);
  CHECK(m.picture(*backing, 2) == "..");
  m.truncate(*backing, 5000);
  CHECK(m.durable_byte(*backing, 4096 + 9) != 0);
  CHECK(m.durable_byte(*backing, 4096 + 10) == 0);
  m.validate();
}

TEST_CASE("Truncate: a hole whose tail is cut comes in and stays clean") {
  CachedMachine m;
  const auto backing = m.create("/a", 0);
  m.truncate(*backing, 5000);
  m.truncate(*backing, 4500);
  CHECK(m.picture(*backing, 2) == ".c");
  CHECK(m.cache.find_uptodate(*backing, 1) == kNoPfn);
  m.validate();
}

TEST_CASE("Invalidate: pages go out of every mapping; the clean ones out of the cache too") {
  CachedMachine m;
  const auto backing = m.create("/a", 4 * 4096);
  FakeSpace space(m.frames, m.allocator, m.rmap);
  for (uint64_t pgoff = 0; pgoff < 4; ++pgoff) space.map(pgoff, m.get(*backing, pgoff).pfn);
  m.cache.mark_dirty(*backing, 1);
  hw::TlbGather gather;
  m.cache.invalidate(*backing, {1, 2}, gather);
  gather.clear();
  CHECK(m.picture(*backing, 4) == "c#.c");
  CHECK(space.maps(0));
  CHECK_FALSE(space.maps(1));
  CHECK_FALSE(space.maps(2));
  m.validate();
}

TEST_CASE("Write: past the end of a disk file makes what lay there zero, at the end does not") {
  struct Row {
    uint64_t offset_bytes;
    bool zeroed;
  };
  for (const Row& row : {Row{4, false}, Row{5, false}, Row{6, true}, Row{300, true},
                         Row{4096, true}, Row{9000, true}}) {
    for (const std::string path : {"/a", "/dev/shm/a"}) {
      CAPTURE(row.offset_bytes);
      CAPTURE(path);
      CachedMachine m;
      const auto backing = m.create(path, 5);
      FakeSpace space(m.frames, m.allocator, m.rmap);
      space.map(0, m.get(*backing, 0).pfn);
      m.cache.mark_dirty(*backing, 0);
      space.store(0, 100, 90);
      m.write_byte(*backing, row.offset_bytes, 1);
      CHECK(space.load(0, 100) == (row.zeroed && path == "/a" ? 0 : 90));
      m.validate();
    }
  }
}

}  // namespace
}  // namespace faultline::cache
