#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/base/clock.h"
#include "sim/cache/page_cache.h"
#include "tests/cache/cached_machine.h"

namespace faultline::cache {
namespace {

using testing::CachedMachine;
using testing::FakeSpace;

std::shared_ptr<Backing> eight_pages(CachedMachine& m, const std::string& dirty) {
  const auto backing = m.create("/a", dirty.size() * 4096);
  for (uint64_t pgoff = 0; pgoff < dirty.size(); ++pgoff) {
    if (dirty[pgoff] != '.') m.get(*backing, pgoff);
    if (dirty[pgoff] == '#') m.cache.mark_dirty(*backing, pgoff);
  }
  return backing;
}

TEST_CASE("Write-back: cleans exactly the range") {
  struct Row {
    std::string before;
    uint64_t first, count, written;
    std::string after;
  };
  for (const Row& row : std::vector<Row>{
           {"####", 0, 1, 1, "c###"},
           {"####", 1, 2, 2, "#cc#"},
           {"####", 0, 0, 0, "####"},
           {"####", 3, ~uint64_t{0}, 1, "###c"},
           {"####", 0, ~uint64_t{0}, 4, "cccc"},
           {"#.c#", 0, 4, 2, "c.cc"},
           {"#.c#", 1, 2, 0, "#.c#"},
           {"....", 0, 4, 0, "...."},
       }) {
    CAPTURE(row.before);
    CachedMachine m;
    const auto backing = eight_pages(m, row.before);
    CHECK(m.write_back(*backing, row.first, row.count) == row.written);
    CHECK(m.picture(*backing, 4) == row.after);
    CHECK(m.writes() == row.written);
    m.validate();
  }
}

TEST_CASE("Write-back: the next store faults again, in every mapping") {
  CachedMachine m;
  const auto backing = m.create("/a", 4096);
  FakeSpace first(m.frames, m.allocator, m.rmap);
  FakeSpace second(m.frames, m.allocator, m.rmap);
  for (FakeSpace* space : {&first, &second}) space->map(0, m.get(*backing, 0).pfn);
  m.cache.mark_dirty(*backing, 0);
  first.store(0, 5, 200);
  second.store(0, 6, 201);
  CHECK(m.write_back(*backing, 0, 1) == 1);
  for (FakeSpace* space : {&first, &second}) {
    CHECK(space->maps(0));
    CHECK_FALSE(space->pte(0).writable);
    CHECK_FALSE(space->pte(0).dirty);
  }
  CHECK(m.durable_byte(*backing, 5) == 200);
  CHECK(m.durable_byte(*backing, 6) == 201);
  CHECK(m.write_back(*backing, 0, 1) == 0);
  m.validate();
}

TEST_CASE("Write-back: the TLBs are told") {
  CachedMachine m;
  const auto backing = m.create("/a", 4096);
  FakeSpace space(m.frames, m.allocator, m.rmap);
  space.map(0, m.get(*backing, 0).pfn);
  m.cache.mark_dirty(*backing, 0);
  hw::TlbGather gather;
  m.cache.write_back(*backing, {0, 1}, gather);
  CHECK_FALSE(gather.empty());
  gather.clear();
}

TEST_CASE("Write-back: what was stored past the end reaches neither disk nor later readers") {
  CachedMachine m;
  const auto backing = m.create("/a", 100);
  FakeSpace space(m.frames, m.allocator, m.rmap);
  space.map(0, m.get(*backing, 0).pfn);
  m.cache.mark_dirty(*backing, 0);
  space.store(0, 99, 7);
  space.store(0, 100, 8);
  CHECK(space.load(0, 100) == 8);
  m.write_back(*backing, 0, 1);
  CHECK(space.load(0, 99) == 7);
  CHECK(space.load(0, 100) == 0);
  CHECK(m.durable_byte(*backing, 99) == 7);
  CHECK(m.durable_byte(*backing, 100) == 0);
  m.validate();
}

TEST_CASE("Write-back: tmpfs has nowhere to write to") {
  CachedMachine m;
  const auto backing = m.create("/dev/shm/a", 4096);
  m.write_byte(*backing, 5, 1);
  CHECK(m.cache.dirty_pages() == 0);
  CHECK(m.write_back(*backing, 0, 1) == 0);
  CHECK(m.picture(*backing, 1) == "#");
  CHECK(m.writes() == 0);
  m.validate();
}

TEST_CASE("Write-back: sync writes every file, and a listener hears of each page in order") {
  struct Listener final : WriteBackListener {
    std::string heard;
    void on_write_back(const Backing& backing, uint64_t pgoff, Pfn) override {
      heard += std::to_string(backing.number()) + ":" + std::to_string(pgoff) + " ";
    }
  } listener;
  CachedMachine m;
  m.cache.set_write_back_listener(&listener);
  const auto first = m.create("/b", 4 * 4096);
  const auto second = m.create("/a", 4 * 4096);
  for (const uint64_t pgoff : std::initializer_list<uint64_t>{3, 1}) {
    m.write_byte(*second, pgoff * 4096, 1);
    m.write_byte(*first, pgoff * 4096, 1);
  }
  CHECK(m.cache.dirty_pages() == 4);
  hw::TlbGather gather;
  CHECK(m.cache.write_back_all(gather) == 4);
  gather.clear();
  CHECK(listener.heard == "1:1 1:3 2:1 2:3 ");
  CHECK(m.cache.dirty_pages() == 0);
}

TEST_CASE("Reclaim: a clean page is dropped, a dirty one written first") {
  CachedMachine m;
  const auto backing = eight_pages(m, "c#");
  CHECK(m.reclaim(m.cache.find(*backing, 0)) == Reclaimed::kDropped);
  CHECK(m.writes() == 0);
  CHECK(m.reclaim(m.cache.find(*backing, 1)) == Reclaimed::kWritten);
  CHECK(m.writes() == 1);
  CHECK(m.picture(*backing, 2) == "..");
  CHECK(m.allocator.in_use() == 0);
  m.validate();
}

TEST_CASE("Reclaim: unmaps everywhere, and what the page tables knew is not lost") {
  CachedMachine m;
  for (const std::string path : {"/a", "/dev/shm/a"}) {
    CAPTURE(path);
    const auto backing = m.create(path, 4096);
    FakeSpace first(m.frames, m.allocator, m.rmap);
    FakeSpace second(m.frames, m.allocator, m.rmap);
    for (FakeSpace* space : {&first, &second}) space->map(0, m.get(*backing, 0).pfn);
    if (backing->write_notify()) m.cache.mark_dirty(*backing, 0);
    second.store(0, 44, 123);
    CHECK(m.reclaim(m.cache.find(*backing, 0)) == Reclaimed::kWritten);
    CHECK_FALSE(first.maps(0));
    CHECK_FALSE(second.maps(0));
    // Bringing it back costs I/O, on tmpfs too.
    CHECK(m.get(*backing, 0).did_io);
    CHECK(m.cached_byte(*backing, 44) == 123);
    m.validate();
  }
}

TEST_CASE("Reclaim: bytes that tmpfs holds past the end of a file survive") {
  CachedMachine m;
  const auto backing = m.create("/dev/shm/a", 10);
  {
    FakeSpace space(m.frames, m.allocator, m.rmap);
    space.map(0, m.get(*backing, 0).pfn);
    space.store(0, 500, 9);
  }
  CHECK(m.reclaim(m.cache.find(*backing, 0)) == Reclaimed::kWritten);
  m.truncate(*backing, 4096);
  m.get(*backing, 0);
  CHECK(m.cached_byte(*backing, 500) == 9);
  m.validate();
}

TEST_CASE("Reclaim: a page that the kernel or a lock holds stays as it is") {
  CachedMachine m;
  const auto backing = m.create("/a", 4096);
  const Pfn pfn = m.get(*backing, 0).pfn;
  FakeSpace space(m.frames, m.allocator, m.rmap);
  space.map(0, pfn);
  m.allocator.get(pfn);
  CHECK(m.reclaim(pfn) == Reclaimed::kBusy);
  CHECK(space.maps(0));
  m.allocator.put(pfn);
  space.lock();
  CHECK(m.reclaim(pfn) == Reclaimed::kBusy);
  CHECK(space.maps(0));
  CHECK(m.picture(*backing, 1) == "c");
  m.validate();
}

TEST_CASE("drop_clean: takes clean pages that nobody maps") {
  CachedMachine m;
  const auto backing = eight_pages(m, "c#cc.c");
  FakeSpace space(m.frames, m.allocator, m.rmap);
  space.map(2, m.get(*backing, 2).pfn);
  CHECK(m.cache.drop_clean(*backing, {0, 4}).pages == 2);
  CHECK(m.picture(*backing, 6) == ".#c..c");
  CHECK(m.cache.drop_clean(*backing, {1, ~uint64_t{0}}).pages == 1);
  CHECK(m.picture(*backing, 6) == ".#c...");
  m.validate();
}

TEST_CASE("Write-back: the file that is dirty longest goes first, and is young again then") {
  CachedMachine m;
  base::VirtualClock clock;
  m.cache.set_clock(&clock);
  const auto a = m.create("/a", 4096);
  const auto b = m.create("/b", 4096);
  CHECK_FALSE(m.cache.dirty_since().has_value());
  clock.advance(5);
  m.write_byte(*b, 0, 1);
  clock.advance(5);
  m.write_byte(*a, 0, 1);
  m.write_byte(*b, 0, 2);
  CHECK(m.cache.dirty_since() == 5);
  // What write-back of the file alone does not change.
  m.write_back(*b, 0, 1);
  CHECK(m.cache.dirty_since() == 5);
  hw::TlbGather gather;
  CHECK(m.cache.write_back_file(*b, gather) == 0);
  CHECK(m.cache.dirty_since() == 10);
  clock.advance(5);
  m.write_byte(*b, 0, 2);
  CHECK(m.cache.write_back_oldest(gather));
  CHECK(m.cache.dirty_since() == 15);
  CHECK(m.picture(*a, 1) == "c");
  CHECK(m.picture(*b, 1) == "#");
  CHECK(m.cache.write_back_oldest(gather));
  CHECK(m.picture(*b, 1) == "c");
  CHECK_FALSE(m.cache.write_back_oldest(gather));
  m.write_byte(*a, 0, 3);
  CHECK(m.cache.write_back_all(gather) == 1);
  CHECK_FALSE(m.cache.dirty_since().has_value());
  gather.clear();
  m.validate();
}

}  // namespace
}  // namespace faultline::cache
