#include "sim/cache/backing.h"

#include <doctest/doctest.h>

#include "tests/cache/cached_machine.h"
#include "tests/support/death.h"

namespace faultline::cache {
namespace {

using testing::CachedMachine;
using testing::dies_with;

TEST_CASE("Backing: a file has one, whoever asks and whenever") {
  CachedMachine m;
  auto first = m.create("/a", 8192);
  const auto file = m.disk.find("/a");
  const uint32_t number = first->number();
  CHECK(m.cache.get_backing(file) == first);
  CHECK(m.cache.find_backing(number) == first.get());
  CHECK(m.create("/b", 0)->number() != number);
  m.get(*first, 1);
  first.reset();
  // The page stays in memory though nobody has the file open.
  CHECK(m.cache.cached_pages() == 1);
  first = m.cache.get_backing(file);
  CHECK(first->number() == number);
  CHECK_FALSE(m.get(*first, 1).did_io);
  m.validate();
}

TEST_CASE("Backing: the pages of a file without a name go with its last user") {
  CachedMachine m;
  auto backing = m.create("/a", 8192);
  auto second_user = backing;
  const uint32_t number = backing->number();
  m.get(*backing, 0);
  m.cache.mark_dirty(*backing, 0);
  const auto place = m.disk.look_up("/a").value();
  m.disk.unlink(place);
  m.cache.forget_if_unused(*place.file);
  CHECK(m.cache.cached_pages() == 1);
  backing.reset();
  CHECK(m.cache.cached_pages() == 1);
  second_user.reset();
  CHECK(m.cache.cached_pages() == 0);
  CHECK(m.cache.dirty_pages() == 0);
  CHECK(m.allocator.in_use() == 0);
  CHECK(m.cache.find_backing(number) == nullptr);
  CHECK(m.writes() == 0);
  m.validate();
}

TEST_CASE("Backing: the pages of a file that nobody uses go with its name") {
  CachedMachine m;
  m.get(*m.create("/a", 8192), 0);
  CHECK(m.cache.cached_pages() == 1);
  const auto place = m.disk.look_up("/a").value();
  m.cache.forget_if_unused(*place.file);
  CHECK(m.cache.cached_pages() == 1);
  m.disk.unlink(place);
  m.cache.forget_if_unused(*place.file);
  CHECK(m.cache.cached_pages() == 0);
  m.validate();
}

TEST_CASE("Backing: numbers are never used twice") {
  CachedMachine m;
  uint32_t last = 0;
  for (int i = 0; i < 5; ++i) {
    const auto backing =
        m.cache.get_backing(m.disk.make_nameless(storage::FileKind::kSharedAnon, "/dev/zero"));
    CHECK(backing->number() > last);
    last = backing->number();
  }
}

TEST_CASE("Backing: only files of the disk want to know of the first store") {
  CachedMachine m;
  CHECK(m.create("/a", 0)->write_notify());
  CHECK_FALSE(m.create("/dev/shm/a", 0)->write_notify());
  CHECK_FALSE(
      m.cache.get_backing(m.disk.make_nameless(storage::FileKind::kSharedAnon, "/dev/zero"))
          ->write_notify());
}

TEST_CASE("Backing: a cache that goes before its users stops the program") {
  CHECK(dies_with(
      [] {
        std::shared_ptr<Backing> outlives;
        CachedMachine m;
        outlives = m.create("/a", 0);
      },
      "slot.handle.expired()"));
}

}  // namespace
}  // namespace faultline::cache
