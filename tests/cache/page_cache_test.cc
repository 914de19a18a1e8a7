#include "sim/cache/page_cache.h"

#include <doctest/doctest.h>

#include "tests/cache/cached_machine.h"
#include "tests/support/death.h"

namespace faultline::cache {
namespace {

using testing::CachedMachine;
using testing::dies_with;
using testing::FakeSpace;

int pattern(uint64_t i, uint64_t seed) {
  return static_cast<int>((i * 31 + (i >> 12) * 7 + seed) & 0xff);
}

TEST_CASE("PageCache: a page is read once, and comes with what the frame has to say") {
  CachedMachine m;
  const auto backing = m.create("/a", 3 * 4096, 9);
  CHECK(m.cache.find(*backing, 1) == kNoPfn);
  const CachedPage page = m.get(*backing, 1);
  CHECK(page.did_io);
  CHECK(m.reads() == 1);
  CHECK(m.cached_byte(*backing, 4096 + 77) == pattern(4096 + 77, 9));
  const phys::PageFrame& frame = m.frames[page.pfn];
  CHECK(frame.flags == (phys::kFrameInUse | phys::kFrameFile | phys::kFrameUptodate));
  CHECK(frame.owner == backing->number());
  CHECK(frame.pgoff == 1);
  CHECK(frame.refcount == 1);
  const CachedPage again = m.get(*backing, 1);
  CHECK(again.pfn == page.pfn);
  CHECK_FALSE(again.did_io);
  CHECK(m.reads() == 1);
  m.validate();
}

TEST_CASE("PageCache: a hole of the disk counts as read but reads nothing; on tmpfs it is free") {
  CachedMachine m;
  for (const bool tmpfs : {false, true}) {
    const auto backing = m.create(tmpfs ? "/dev/shm/a" : "/a", 0);
    m.truncate(*backing, 8192);
    CHECK(m.get(*backing, 1).did_io == !tmpfs);
    CHECK(m.reads() == 0);
    CHECK(m.cached_byte(*backing, 4096) == 0);
  }
  m.validate();
}

TEST_CASE("PageCache: a file of tmpfs made with a pattern was never on a disk") {
  CachedMachine m;
  const auto backing = m.create("/dev/shm/a", 4096, 3);
  CHECK_FALSE(m.get(*backing, 0).did_io);
  CHECK(m.cached_byte(*backing, 5) == pattern(5, 3));
}

TEST_CASE("PageCache: without a frame nothing is read and nothing changes") {
  CachedMachine m({.frame_count = 1});
  const auto backing = m.create("/a", 2 * 4096);
  m.get(*backing, 0);
  CHECK_FALSE(m.cache.get_or_read_page(*backing, 1, m).has_value());
  CHECK_FALSE(m.cache.begin_write(*backing, {4096, 4096}, m).has_value());
  OpenFile file{.backing = backing};
  CHECK_FALSE(m.cache.read_for_fault(file, 1, Advice::kNormal, m).has_value());
  CHECK_FALSE(m.cache.read_for_read(file, {1, 1}, m).has_value());
  CHECK(m.picture(*backing, 2) == "c.");
  m.validate();
}

TEST_CASE("PageCache: an overwritten page is read only where its bytes would be seen") {
  struct Row {
    const char* what;
    ByteRange part;
    bool read;
  };
  // The file: page 0 data, page 1 a hole; page 2 lies past the end.
  for (const Row& row :
       {Row{"part of data", {1, 9}, true}, Row{"all of data", {0, 4096}, false},
        Row{"part of a hole", {4096, 9}, false}, Row{"past the end", {8192, 9}, false}}) {
    CAPTURE(row.what);
    CachedMachine m;
    const auto backing = m.create("/a", 4096, 1);
    m.truncate(*backing, 8192);
    CHECK(m.cache.begin_write(*backing, row.part, m)->count == row.part.count);
    CHECK(m.reads() == (row.read ? 1 : 0));
    m.write_byte(*backing, row.part.first, 7);
    m.validate();
  }
}

TEST_CASE("PageCache: a fault that misses brings in the pages about it") {
  CachedMachine m;
  OpenFile file{.backing = m.create("/a", 100 * 4096)};
  const auto page = m.cache.read_for_fault(file, 40, Advice::kNormal, m);
  REQUIRE(page.has_value());
  CHECK(page->did_io);
  CHECK(m.reads() == 32);
  CHECK(m.cache.find(*file.backing, 23) == kNoPfn);
  CHECK(m.cache.find(*file.backing, 24) != kNoPfn);
  CHECK(m.cache.find(*file.backing, 55) != kNoPfn);
  CHECK(m.cache.find(*file.backing, 56) == kNoPfn);
  CHECK_FALSE(m.cache.read_for_fault(file, 30, Advice::kNormal, m)->did_io);
  m.validate();
}

TEST_CASE("PageCache: a fault at random, or of tmpfs, brings in its page alone") {
  CachedMachine m;
  OpenFile disk{.backing = m.create("/a", 100 * 4096)};
  OpenFile tmpfs{.backing = m.create("/dev/shm/a", 100 * 4096)};
  CHECK(m.cache.read_for_fault(disk, 40, Advice::kRandom, m)->did_io);
  CHECK_FALSE(m.cache.read_for_fault(tmpfs, 40, Advice::kNormal, m)->did_io);
  CHECK(m.cache.cached_pages() == 2);
}

TEST_CASE("PageCache: read-ahead in a memory that is too small keeps the page that was asked for") {
  CachedMachine m({.frame_count = 4, .reclaims = true});
  OpenFile file{.backing = m.create("/a", 100 * 4096)};
  for (const uint64_t pgoff : std::initializer_list<uint64_t>{40, 0, 99, 41}) {
    const auto page = m.cache.read_for_fault(file, pgoff, Advice::kNormal, m);
    REQUIRE(page.has_value());
    CHECK(m.cache.find(*file.backing, pgoff) == page->pfn);
    CHECK(m.frames[page->pfn].refcount == 1);
    m.validate();
  }
}

TEST_CASE("PageCache: read-ahead ends quietly where no frame is to be had") {
  CachedMachine m({.frame_count = 4});
  OpenFile file{.backing = m.create("/a", 100 * 4096)};
  CHECK(m.cache.read_for_fault(file, 40, Advice::kNormal, m).has_value());
  CHECK(m.cache.cached_pages() == 4);
  m.validate();
}

TEST_CASE("PageCache: a read of a hole of tmpfs leaves the hole, one of the disk does not") {
  CachedMachine m;
  for (const bool tmpfs : {false, true}) {
    OpenFile file{.backing = m.create(tmpfs ? "/dev/shm/a" : "/a", 0)};
    m.truncate(*file.backing, 4 * 4096);
    const auto page = m.cache.read_for_read(file, {1, 1}, m);
    REQUIRE(page.has_value());
    CHECK((page->pfn == phys::kZeroPagePfn) == tmpfs);
    CHECK((m.picture(*file.backing, 4) == "....") == tmpfs);
  }
}

TEST_CASE("PageCache: reads one after the other are read ahead further and further") {
  CachedMachine m;
  OpenFile file{.backing = m.create("/a", 200 * 4096)};
  std::string misses;
  for (uint64_t pgoff = 0; pgoff < 100; ++pgoff) {
    misses += m.cache.read_for_read(file, {pgoff, 1}, m)->did_io ? '#' : '.';
    file.readahead.note_read((pgoff + 1) * 4096);
  }
  CHECK(misses == "#" + std::string(99, '.'));
}

TEST_CASE(
    "PageCache: what the disk is to bring behind a hole is not up to date before it arrives") {
  CachedMachine m({.frame_count = 2});
  OpenFile file{.backing = m.create("/a", 4 * 4096)};
  hw::TlbGather gather;
  m.cache.punch(*file.backing, {0, 1}, gather);
  const CachedPage hole = *m.cache.read_for_fault(file, 0, Advice::kNormal, m);
  m.cache.finish_reading(*file.backing, hole, m);
  // No frame is left for pages 2 and 3: they do not arrive.
  CHECK(m.picture(*file.backing, 4) == "cc..");
  CHECK(m.cache.find_uptodate(*file.backing, 0) != kNoPfn);
  CHECK(m.cache.find_uptodate(*file.backing, 1) == kNoPfn);
  m.validate();
  SUBCASE("to wait for one is to wait for all") {
    CHECK(m.get(*file.backing, 1).dropped_lock);
    CHECK(m.cache.find_uptodate(*file.backing, 1) != kNoPfn);
  }
  SUBCASE("a page that goes arrives no more") {
    CHECK(m.reclaim(m.cache.find(*file.backing, 1)) == Reclaimed::kDropped);
    CHECK(m.get(*file.backing, 1).did_io);
    CHECK(m.cache.find_uptodate(*file.backing, 1) != kNoPfn);
  }
  gather.clear();
  m.validate();
}

TEST_CASE("PageCache: what the use of a mark has the disk read comes later, but for holes") {
  CachedMachine m;
  OpenFile file{.backing = m.create("/a", 40 * 4096)};
  hw::TlbGather gather;
  m.cache.punch(*file.backing, {32, 4}, gather);
  gather.clear();
  // Pages 0 to 31, with the mark on page 24.
  CHECK(m.cache.read_for_fault(file, 0, Advice::kNormal, m)->did_io);
  CHECK(m.picture(*file.backing, 40) == std::string(32, 'c') + "........");
  const CachedPage marked = *m.cache.read_for_fault(file, 24, Advice::kNormal, m);
  CHECK_FALSE(marked.did_io);
  CHECK(marked.dropped_lock);
  CHECK(m.picture(*file.backing, 40) == std::string(40, 'c'));
  CHECK(m.cache.find_uptodate(*file.backing, 33) != kNoPfn);
  CHECK(m.cache.find_uptodate(*file.backing, 36) == kNoPfn);
  m.validate();
  m.cache.all_arrived();
  CHECK(m.cache.find_uptodate(*file.backing, 36) != kNoPfn);
}

TEST_CASE("PageCache: without contents all the rest is the same") {
  for (const Contents contents : {Contents::kBytes, Contents::kNone}) {
    CachedMachine m({.contents = contents});
    const auto backing = m.create("/a", 5 * 4096, 1);
    CHECK(m.get(*backing, 0).did_io);
    m.write_byte(*backing, 4096 * 2 + 5, 1);
    m.write_byte(*backing, 4096 * 7, 1);
    CHECK(m.picture(*backing, 9) == "c.#....#.");
    CHECK(m.write_back(*backing, 0, 5) == 1);
    m.truncate(*backing, 4096 * 2 + 1);
    CHECK(m.picture(*backing, 9) == "c.#......");
    CHECK(m.reclaim(m.cache.find(*backing, 2)) == Reclaimed::kWritten);
    CHECK(m.get(*backing, 2).did_io);
    CHECK(m.reads() == 3);
    CHECK(m.writes() == 2);
    m.validate();
  }
}

TEST_CASE("PageCache: a power cut leaves what was written back") {
  CachedMachine m;
  const auto backing = m.create("/a", 2 * 4096);
  m.write_byte(*backing, 10, 111);
  m.write_byte(*backing, 4096, 112);
  CHECK(m.write_back(*backing, 0, 1) == 1);
  m.cache.power_cut();
  m.disk.power_cut();
  CHECK(m.cache.cached_pages() == 0);
  CHECK(m.cache.dirty_pages() == 0);
  CHECK(m.durable_byte(*backing, 10) == 111);
  CHECK(m.durable_byte(*backing, 4096) == pattern(4096, 0));
  m.validate();
}

TEST_CASE("PageCache: wrong calls stop the program") {
  CachedMachine m;
  const auto backing = m.create("/a", 4096);
  CHECK(dies_with([&] { m.get(*backing, 1); }, "pgoff < backing.page_count()"));
  CHECK(dies_with([&] { m.cache.mark_dirty(*backing, 0); }, "pfn != kNoPfn"));
  const Pfn used = *m.allocator.take();
  m.frames[used].flags |= phys::kFrameAnon;
  CHECK(dies_with([&] { m.cache.insert(*backing, 0, used); }, "frame.flags == "));
  CHECK(dies_with([&] { m.reclaim(used); }, "kFrameFile"));
  m.get(*backing, 0);
  const Pfn second = *m.allocator.take();
  CHECK(dies_with([&] { m.cache.insert(*backing, 0, second); }, "bit_of(pgoff)) == 0"));
  CHECK(dies_with(
      [&] {
        FakeSpace space(m.frames, m.allocator, m.rmap);
        space.map(0, m.cache.find(*backing, 0));
        m.cache.power_cut();
      },
      "page 0 of backing 1 is still mapped"));
}

}  // namespace
}  // namespace faultline::cache
