#include <doctest/doctest.h>

#include "sim/cache/page_cache.h"
#include "tests/cache/cached_machine.h"
#include "tests/support/death.h"

namespace faultline::cache {

struct PageCacheTestPeer {
  static PageIndex& index(Backing& backing) { return backing.pages_; }
  static void miscount(PageCache& cache) { ++cache.cached_pages_; }
  static void miscount_disk(PageCache& cache) { ++cache.cached_disk_pages_; }
  static void forget_age(Backing& backing) { backing.dirty_since_ticks_.reset(); }
  static void arrive(PageCache& cache, const Backing& backing, uint64_t pgoff) {
    cache.arriving_.insert({backing.number(), pgoff});
  }
  static void miscount_dirty(PageCache& cache) { ++cache.dirty_pages_; }
};

namespace {

using testing::CachedMachine;
using testing::dies_with;

struct Fixture {
  CachedMachine m{};
  std::shared_ptr<Backing> disk = m.create("/a", 2 * 4096 + 10);
  std::shared_ptr<Backing> tmpfs = m.create("/dev/shm/a", 4096);
  Pfn clean = m.get(*disk, 0).pfn;
  Pfn dirty = m.get(*disk, 1).pfn;
  Pfn shmem = m.get(*tmpfs, 0).pfn;

  Fixture() {
    m.cache.mark_dirty(*disk, 1);
    m.validate();
  }
  bool dies(std::string_view expected) {
    return dies_with([&] { m.cache.validate(); }, expected);
  }
  void flip(Pfn pfn, phys::FrameFlag flag) {
    m.frames[pfn].flags = static_cast<uint16_t>(m.frames[pfn].flags ^ flag);
  }
};

TEST_CASE("PageCache: validate sees a frame that does not hold its page") {
  Fixture f;
  SUBCASE("another owner") { f.m.frames[f.clean].owner = 77; }
  SUBCASE("another page") { f.m.frames[f.clean].pgoff = 1; }
  SUBCASE("not of a file") { f.flip(f.clean, phys::kFrameFile); }
  SUBCASE("free") { f.flip(f.clean, phys::kFrameInUse); }
  SUBCASE("no reference") { f.m.frames[f.clean].refcount = 0; }
  CHECK(f.dies("frame 1 does not hold page 0 of backing 1"));
}

TEST_CASE("PageCache: validate sees a page of tmpfs that is not up to date") {
  Fixture f;
  f.flip(f.clean, phys::kFrameUptodate);  // which a page of the disk may be
  f.m.cache.validate();
  f.flip(f.shmem, phys::kFrameUptodate);
  CHECK(f.dies("does not hold page 0 of backing 2"));
}

TEST_CASE("PageCache: validate sees a frame that only says it is cached") {
  Fixture f;
  const Pfn other = *f.m.allocator.take();
  f.flip(other, phys::kFrameFile);
  CHECK(f.dies("a frame says it is cached and is not"));
}

TEST_CASE("PageCache: validate sees a page with no frame at all") {
  Fixture f;
  PageCacheTestPeer::index(*f.disk).insert(2, Pfn{12345});
  CHECK(f.dies("page 2 of backing 1 has no frame"));
}

TEST_CASE("PageCache: validate sees that the dirty set and the frames differ") {
  Fixture f;
  SUBCASE("a dirty frame that is not in the set") {
    f.flip(f.clean, phys::kFrameDirty);
    CHECK(f.dies("page 0 of backing 1: the dirty set and the frame differ"));
  }
  SUBCASE("a clean frame in the set") {
    f.flip(f.dirty, phys::kFrameDirty);
    CHECK(f.dies("page 1 of backing 1: the dirty set and the frame differ"));
  }
  SUBCASE("tmpfs in the set") {
    f.flip(f.shmem, phys::kFrameDirty);
    PageCacheTestPeer::index(*f.tmpfs).set_dirty(0);
    CHECK(f.dies("page 0 of backing 2: the dirty set and the frame differ"));
  }
}

TEST_CASE("PageCache: validate sees a page beyond the end") {
  Fixture f;
  f.disk->file().set_size(4096);
  CHECK(f.dies("page 1 of backing 1 lies beyond the end"));
}

TEST_CASE("PageCache: validate sees a clean page that differs from the file") {
  Fixture f;
  SUBCASE("on the disk") {
    f.m.frames.writable_bytes(f.clean)[7] ^= std::byte{1};
    CHECK(f.dies("page 0 of backing 1 is clean and differs from the file"));
  }
  SUBCASE("past the end of the file") {
    f.m.frames.writable_bytes(f.m.get(*f.disk, 2).pfn)[11] = std::byte{1};
    CHECK(f.dies("page 2 of backing 1 is clean and differs from the file"));
  }
  SUBCASE("on tmpfs, when nothing maps it") {
    f.m.frames.writable_bytes(f.shmem)[7] ^= std::byte{1};
    CHECK(f.dies("page 0 of backing 2 is clean and differs from the file"));
    testing::FakeSpace space(f.m.frames, f.m.allocator, f.m.rmap);
    space.map(0, f.shmem);
    f.m.cache.validate();
  }
}

TEST_CASE("PageCache: validate sees a folio whose pages do not fit together") {
  Fixture f;
  const auto file = f.m.create("/b", 0);
  f.m.write(*file, {0, 16 * 4096}, 1);
  f.m.validate();
  const Pfn first = f.m.cache.find(*file, 0);
  const Pfn later = f.m.cache.find(*file, 5);
  SUBCASE("another order") {
    f.m.frames[later].order = 3;
    CHECK(f.dies("page 5 of backing 3 is not like the first of its folio"));
  }
  SUBCASE("one that is not up to date") {
    f.flip(later, phys::kFrameUptodate);
    CHECK(f.dies("page 5 of backing 3 is not like the first of its folio"));
  }
  SUBCASE("dirty, and nothing to be written") {
    for (uint64_t pgoff = 0; pgoff < 16; ++pgoff)
      f.flip(f.m.cache.find(*file, pgoff), phys::kFrameBlockDirty);
    CHECK(f.dies("page 0 of backing 3 is clean and differs from the file"));
  }
  SUBCASE("a page too few") {
    f.m.frames[first].order = 5;
    CHECK(f.dies("page 1 of backing 3 is not like the first of its folio"));
  }
  SUBCASE("on tmpfs") {
    f.m.frames[f.shmem].order = 1;
    CHECK(f.dies("page 0 of backing 2 is in a large folio"));
  }
  SUBCASE("a block in a page by itself") {
    f.flip(f.clean, phys::kFrameBlockUptodate);
    CHECK(f.dies("page 0 of backing 1 is no large folio's"));
  }
}

TEST_CASE("PageCache: validate sees a page that the disk brings and nobody has") {
  Fixture f;
  PageCacheTestPeer::arrive(f.m.cache, *f.disk, 0);
  f.m.cache.validate();
  PageCacheTestPeer::arrive(f.m.cache, *f.disk, 2);
  CHECK(f.dies("page 2 of backing 1 is to arrive and is not cached"));
}

TEST_CASE("PageCache: validate sees wrong counts") {
  Fixture f;
  SUBCASE("cached") {
    PageCacheTestPeer::miscount(f.m.cache);
    CHECK(f.dies("cached_pages == cached_pages_"));
  }
  SUBCASE("cached of the disk") {
    PageCacheTestPeer::miscount_disk(f.m.cache);
    CHECK(f.dies("cached_disk_pages == cached_disk_pages_"));
  }
  SUBCASE("dirty") {
    PageCacheTestPeer::miscount_dirty(f.m.cache);
    CHECK(f.dies("dirty_pages == dirty_pages_"));
  }
}

TEST_CASE("PageCache: validate sees a dirty file of no age") {
  Fixture f;
  PageCacheTestPeer::forget_age(*f.disk);
  CHECK(f.dies("backing 1 does not know since when it is dirty"));
}

TEST_CASE("PageCache: validate sees a backing that should be gone") {
  Fixture f;
  f.disk.reset();
  f.m.disk.unlink(f.m.disk.look_up("/a").value());
  CHECK(f.dies("backing 1 has no user and no name"));
}

}  // namespace
}  // namespace faultline::cache
