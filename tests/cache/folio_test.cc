// Large folios: how they come into the cache, and how they come apart. The pictures have a page a
// character: the order of its folio, '.' where nothing is cached.
#include "sim/cache/folio.h"

#include <doctest/doctest.h>

#include "tests/cache/cached_machine.h"

namespace faultline::cache {
namespace {

using testing::CachedMachine;
using testing::CachedMachineOptions;
using testing::FakeSpace;

constexpr uint64_t kPage = 4096;

// A file of the disk that one write made so many pages long.
struct Written : CachedMachine {
  explicit Written(uint64_t pages) { write(*file, {0, pages * kPage}, 1); }
  ~Written() {
    gather.clear();
    validate();
  }
  std::string folios(uint64_t count) const { return CachedMachine::folios(*file, count); }
  std::string picture(uint64_t count) const { return CachedMachine::picture(*file, count); }
  Pfn frame_of(uint64_t pgoff) const { return cache.find(*file, pgoff); }

  std::shared_ptr<Backing> file = create("/a", 0);
  hw::TlbGather gather{};
};

TEST_CASE("folio: a write makes folios as large as what is left of it and as they can begin") {
  struct Row {
    ByteRange written;  // in pages
    const char* folios;
  };
  for (const Row& row : {Row{{0, 1}, "0"}, Row{{0, 2}, "11"}, Row{{0, 3}, "110"},
                         Row{{1, 4}, ".0110"}, Row{{0, 16}, "4444444444444444"},
                         Row{{2, 9}, "..112222110"}, Row{{12, 5}, "............22220"}}) {
    CAPTURE(row.folios);
    CachedMachine m;
    const auto file = m.create("/a", 0);
    m.write(*file, {row.written.first * kPage, row.written.count * kPage}, 1);
    const std::string folios = row.folios;
    CHECK(m.folios(*file, folios.size()) == folios);
    m.validate();
  }
}

TEST_CASE("folio: on tmpfs, and where a page is cached already, they are smaller") {
  CachedMachine m;
  const auto tmpfs = m.create("/dev/shm/a", 0);
  m.write(*tmpfs, {0, 4 * kPage}, 1);
  CHECK(m.folios(*tmpfs, 4) == "0000");
  const auto file = m.create("/a", 0);
  m.write(*file, {5 * kPage, kPage}, 1);
  m.write(*file, {0, 16 * kPage}, 1);
  CHECK(m.folios(*file, 16) == "2222001133333333");
  m.validate();
}

TEST_CASE("folio: without so many free frames they are smaller") {
  CachedMachine m({.frame_count = 11});
  const auto file = m.create("/a", 0);
  m.write(*file, {0, 11 * kPage}, 1);
  CHECK(m.folios(*file, 11) == "33333333110");
  m.validate();
}

TEST_CASE("folio: one dirty page makes all dirty; only what was written to goes to the file") {
  Written m(4);
  CHECK(m.picture(4) == "####");
  CHECK(m.write_back(*m.file, 3, 1) == 4);
  CHECK(m.picture(4) == "cccc");
  m.write_byte(*m.file, 2 * kPage, 2);
  CHECK(m.picture(4) == "####");
  CHECK(m.cache.dirty_pages() == 4);
  m.validate();
  CHECK(m.write_back(*m.file, 0, 1) == 1);
  m.cache.mark_stored(*m.file, 1);
  CHECK(m.write_back(*m.file, 0, 1) == 4);
}

TEST_CASE("folio: the end of the file cuts a clean one in halves, and leaves a dirty one whole") {
  struct Row {
    bool clean;
    uint64_t size_bytes;
    const char* folios;
  };
  for (const Row& row :
       {Row{true, 5 * kPage + 1, "222200.........."}, Row{true, 15 * kPage + 1, "3333333322221100"},
        Row{true, 4 * kPage, "2222............"}, Row{false, 5 * kPage + 1, "4444444444444444"},
        Row{false, 0, "................"}}) {
    CAPTURE(row.size_bytes);
    CAPTURE(row.clean);
    Written m(16);
    if (row.clean) m.write_back(*m.file, 0, 16);
    FakeSpace space(m.frames, m.allocator, m.rmap);
    space.map_backing(*m.file);
    space.map(0, m.frame_of(0));
    m.truncate(*m.file, row.size_bytes);
    CHECK(m.folios(16) == row.folios);
    CHECK_FALSE(space.maps(0));
  }
}

TEST_CASE("folio: what is past the end of a folio that stayed whole is zero and not written") {
  Written m(4);
  m.truncate(*m.file, 2 * kPage);
  m.truncate(*m.file, 4 * kPage);
  CHECK(m.cached_byte(*m.file, 2 * kPage) == 0);
  CHECK(m.write_back(*m.file, 0, 4) == 2);
  CHECK(m.durable_byte(*m.file, 2 * kPage) == 0);
}

TEST_CASE("folio: a hole takes its pages out of the middle") {
  Written m(16);
  m.write_back(*m.file, 0, 16);
  SUBCASE("whole pages") {
    m.cache.punch(*m.file, {5, 4}, m.gather);
    CHECK(m.folios(16) == "22220....0112222");
  }
  SUBCASE("a part of one") {
    m.cache.punch_bytes(*m.file, {5 * kPage + 9, 100}, m, m.gather);
    CHECK(m.folios(16) == "2222001133333333");
  }
}

TEST_CASE(
    "folio: fewer bytes than its folio was made for are not taken, but once it is up to date") {
  CachedMachine m;
  const auto file = m.create("/a", 4 * kPage, 1);
  const auto part = m.cache.begin_write(*file, {0, 4 * kPage}, m);
  CHECK(part->count == 4 * kPage);
  const std::vector<std::byte> bytes(kPage);
  CHECK(m.cache.end_write(*file, *part, bytes) == 0);
  CHECK(m.folios(*file, 4) == "2222");
  CHECK(m.cache.find_uptodate(*file, 0) == kNoPfn);
  m.validate();
  CHECK_FALSE(m.get(*file, 0).did_io);
  CHECK(m.cache.find_uptodate(*file, 3) != kNoPfn);
  CHECK(m.cache.end_write(*file, *m.cache.begin_write(*file, {0, 4 * kPage}, m), bytes) == kPage);
  m.validate();
}

TEST_CASE("folio: a write past the end of which nothing comes leaves zeros there") {
  CachedMachine m;
  const auto file = m.create("/a", 0);
  const auto part = m.cache.begin_write(*file, {0, 4 * kPage}, m);
  CHECK(m.cache.end_write(*file, *part, {}) == 0);
  CHECK(m.folios(*file, 4) == "2222");
  CHECK(file->size_bytes() == 0);
  m.validate();
  CHECK(m.write_back(*file, 0, 4) == 0);
  CHECK(m.picture(*file, 4) == "cccc");
  m.truncate(*file, 0);
  CHECK(m.folios(*file, 4) == "....");
  m.validate();
}

TEST_CASE("folio: reclaim takes a page out of one, which falls apart") {
  Written m(4);
  m.write_back(*m.file, 0, 4);
  m.write_byte(*m.file, 3 * kPage, 1);
  CHECK(m.reclaim(m.frame_of(1)) == Reclaimed::kDropped);
  CHECK(m.folios(4) == "0.00");
  CHECK(m.picture(4) == "c.c#");
}

TEST_CASE("folio: it is dropped as a whole or not at all") {
  Written m(8);
  m.write_back(*m.file, 0, 8);
  CHECK(m.cache.drop_clean(*m.file, {0, 7}).pages == 0);
  {
    FakeSpace space(m.frames, m.allocator, m.rmap);
    space.map(2, m.frame_of(2));
    CHECK(m.cache.drop_clean(*m.file, {0, 8}).pages == 0);
  }
  CHECK(m.cache.drop_clean(*m.file, {0, 8}).pages == 8);
}

TEST_CASE("folio: split, it is out of every mapping; not while it is dirty") {
  Written m(4);
  FakeSpace space(m.frames, m.allocator, m.rmap);
  space.map(2, m.frame_of(2));
  m.cache.split_folio(m.frame_of(1), m.gather);
  CHECK(m.folios(4) == "2222");
  m.write_back(*m.file, 0, 4);
  m.cache.split_folio(m.frame_of(1), m.gather);
  CHECK(m.folios(4) == "0000");
  CHECK_FALSE(space.maps(2));
}

TEST_CASE("folio: a stream of reads comes in larger and larger ones") {
  CachedMachine m;
  OpenFile file{.backing = m.create("/a", 200 * kPage)};
  for (uint64_t pgoff = 0; pgoff < 100; ++pgoff) {
    CHECK(m.cache.read_for_read(file, {pgoff, 1}, m).has_value());
    file.readahead.note_read((pgoff + 1) * kPage);
  }
  CHECK(m.folios(*file.backing, 33) == "000022222222222233333333333333334");
  m.validate();
}

TEST_CASE("folio: read-ahead goes page by page from the first page on that is there") {
  CachedMachine m;
  const auto file = m.create("/a", 32 * kPage);
  m.get(*file, 18);
  m.cache.read_ahead(*file, {.pages = {0, 32}, .order = 4, .mark = 3}, m);
  CHECK(m.folios(*file, 32) == std::string(16, '4') + std::string(16, '0'));
  CHECK((m.frames[m.cache.find(*file, 15)].flags & phys::kFrameReadahead) != 0);
  CHECK((m.frames[m.cache.find(*file, 16)].flags & phys::kFrameReadahead) == 0);
  m.validate();
}

}  // namespace
}  // namespace faultline::cache
