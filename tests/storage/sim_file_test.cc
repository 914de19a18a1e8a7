#include "sim/storage/sim_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::storage {

struct SimFileTestPeer {
  static void set_raw_size(SimFile& file, uint64_t size_bytes) { file.size_bytes_ = size_bytes; }
  static void set_pattern_end(SimFile& file, uint64_t end) { file.pattern_.fill(end, 0); }
  static void add_promise(SimFile& file, uint64_t pgoff) { file.promised_.add({pgoff, pgoff + 1}); }
};

namespace {

using testing::dies_with;

constexpr PageSize kPage{12};
using Bytes = std::vector<std::byte>;

Bytes page_of(int value) { return Bytes(kPage.bytes(), static_cast<std::byte>(value)); }

Bytes read(const SimFile& file, uint64_t pgoff) {
  Bytes page = page_of(0xee);
  file.read_page(pgoff, page);
  return page;
}

std::byte pattern(uint64_t i, uint64_t seed) {
  return static_cast<std::byte>((i * 31 + (i >> 12) * 7 + seed) & 0xff);
}

TEST_CASE("SimFile: a page never written reads as zeros") {
  SimFile file(FileKind::kDisk, kPage, 7);
  file.set_size(10000);
  CHECK(read(file, 1) == page_of(0));
  CHECK_FALSE(file.has_page(1));
  CHECK(file.page_count() == 3);
  CHECK(file.inode() == 7);
}

TEST_CASE("SimFile: the number of pages counts the last one in part") {
  SimFile file(FileKind::kDisk, kPage, 1);
  struct Row {
    uint64_t size_bytes, pages;
  };
  for (const Row& row :
       {Row{0, 0}, {1, 1}, {4095, 1}, {4096, 1}, {4097, 2}, {file.size_bytes_max(), 0xffffffff}}) {
    CAPTURE(row.size_bytes);
    file.set_size(row.size_bytes);
    CHECK(file.page_count() == row.pages);
  }
}

TEST_CASE("SimFile: the pattern is the one of create(), with zeros behind its end") {
  SimFile file(FileKind::kDisk, kPage, 1);
  file.fill_pattern(3 * 4096 + 100, 5);
  file.validate();
  for (uint64_t pgoff = 0; pgoff < 4; ++pgoff) {
    const Bytes page = read(file, pgoff);
    bool right = true;
    for (uint64_t i = 0; i < page.size(); ++i) {
      const uint64_t offset = pgoff * 4096 + i;
      right &= page[i] == (offset < 3 * 4096 + 100 ? pattern(offset, 5) : std::byte{0});
    }
    CHECK_MESSAGE(right, "page ", pgoff);
  }
  CHECK(file.has_page(3));
  CHECK_FALSE(file.has_page(4));
  CHECK_FALSE(file.stores_page(0));
}

TEST_CASE("SimFile: the pattern steps by 4 KiB whatever the page size") {
  SimFile file(FileKind::kDisk, PageSize{14}, 1);
  file.fill_pattern(16384, 0);
  Bytes page(16384);
  file.read_page(0, page);
  CHECK(page[4096] == pattern(4096, 0));
  CHECK(page[16383] == pattern(16383, 0));
}

TEST_CASE("SimFile: what was cut off is gone when the file grows again") {
  for (const FileKind kind : {FileKind::kDisk, FileKind::kTmpfs, FileKind::kSharedAnon}) {
    SimFile file(kind, kPage, 1);
    file.fill_pattern(3 * 4096, 9);
    file.write_page(1, page_of(1));
    file.write_page(2, page_of(2));
    file.set_size(4096 + 10);
    file.set_size(3 * 4096);
    Bytes expected = page_of(0);
    std::fill_n(expected.begin(), 10, std::byte{1});
    CHECK(read(file, 1) == expected);
    CHECK(read(file, 2) == page_of(0));
    CHECK_FALSE(file.has_page(2));
    file.validate();
  }
}

TEST_CASE("SimFile: the disk keeps nothing past the end of a file, tmpfs does") {
  for (const FileKind kind : {FileKind::kDisk, FileKind::kTmpfs}) {
    SimFile file(kind, kPage, 1);
    file.set_size(10);
    file.write_page(0, page_of(3));
    file.set_size(20);
    const Bytes page = read(file, 0);
    CHECK(page[9] == std::byte{3});
    CHECK(page[10] == std::byte(kind == FileKind::kDisk ? 0 : 3));
    file.validate();
  }
}

TEST_CASE("SimFile: the same size again makes the tail zeros") {
  SimFile file(FileKind::kTmpfs, kPage, 1);
  file.set_size(10);
  file.write_page(0, page_of(3));
  file.set_size(10);
  CHECK(read(file, 0)[10] == std::byte{0});
  CHECK(read(file, 0)[9] == std::byte{3});
}

TEST_CASE("SimFile: first_page_from finds the pattern and what was written") {
  SimFile file(FileKind::kDisk, kPage, 1);
  file.fill_pattern(4096 + 1, 0);
  file.set_size(20 * 4096);
  file.write_page(9, page_of(1));
  CHECK(file.first_page_from(0) == 0);
  CHECK(file.first_page_from(1) == 1);
  CHECK(file.first_page_from(2) == 9);
  CHECK(file.first_page_from(9) == 9);
  CHECK(file.first_page_from(10) == std::nullopt);
}

TEST_CASE("SimFile: a page noted without contents reads as zeros and is no hole") {
  SimFile file(FileKind::kDisk, kPage, 1);
  file.set_size(4096);
  file.write_page(0, {});
  CHECK(file.has_page(0));
  CHECK(read(file, 0) == page_of(0));
  file.set_size(100);
  file.validate();
}

TEST_CASE("SimFile: the path it shows says when it has no name left") {
  SimFile file(FileKind::kDisk, kPage, 1);
  file.set_path("/data/log");
  CHECK(file.display_path() == "/data/log (deleted)");
  file.add_link();
  CHECK(file.display_path() == "/data/log");
  file.remove_link();
  CHECK(file.display_path() == "/data/log (deleted)");
}

// One change at random, done to the file and to the array of its bytes.
void change(SimFile& file, Bytes& model, base::Prng& prng) {
  constexpr uint64_t kPages = 6;
  const uint64_t first = prng.below(kPages);
  const uint64_t count = prng.below(3);
  const auto at = [&](uint64_t offset_bytes) {
    return model.begin() + std::ptrdiff_t(std::min<uint64_t>(offset_bytes, model.size()));
  };
  const auto page_at = [&](uint64_t pgoff) { return at(pgoff * 4096); };
  switch (prng.below(6)) {
    case 0: {
      const uint64_t size_bytes = prng.below(kPages * 4096 + 1);
      model.resize(size_bytes);
      return file.set_size(size_bytes);
    }
    case 1: {
      if (first >= file.page_count()) return;
      const Bytes page = page_of(static_cast<int>(prng.below(256)));
      file.write_page(first, page);
      return std::fill(page_at(first), page_at(first + 1), page[0]);
    }
    case 2:
      file.punch(first, count);
      return std::fill(page_at(first), page_at(first + count), std::byte{0});
    case 3: {
      const uint64_t start = first * 4096 + prng.below(4096);
      const uint64_t length_bytes = prng.below((first + 1) * 4096 - start + 1);
      file.zero_part(start, length_bytes);
      return std::fill(at(start), at(start + length_bytes), std::byte{0});
    }
    case 4:
      if ((first + count) * 4096 >= model.size()) return;
      file.collapse(first, count);
      model.erase(page_at(first), page_at(first + count));
      return;
    default:
      if (first * 4096 >= model.size() || model.size() + count * 4096 > kPages * 4096) return;
      file.insert(first, count);
      model.insert(page_at(first), count * 4096, std::byte{0});
  }
}

TEST_CASE("SimFile: random writes and cuts agree with a plain vector of bytes") {
  base::Prng prng(42);
  for (int round = 0; round < 20; ++round) {
    SimFile file(FileKind::kDisk, kPage, 1);
    const uint64_t seed = prng.below(256);
    Bytes model(prng.below(6 * 4096));
    for (uint64_t i = 0; i < model.size(); ++i) model[i] = pattern(i, seed);
    file.fill_pattern(model.size(), seed);
    for (int step = 0; step < 60; ++step) {
      change(file, model, prng);
      file.validate();
      for (uint64_t pgoff = 0; pgoff < 6; ++pgoff) {
        Bytes expected = page_of(0);
        for (uint64_t i = 0; i < 4096 && pgoff * 4096 + i < model.size(); ++i) {
          expected[i] = model[pgoff * 4096 + i];
        }
        REQUIRE(read(file, pgoff) == expected);
      }
    }
  }
}

TEST_CASE("SimFile: wrong calls stop the program") {
  SimFile file(FileKind::kDisk, kPage, 1);
  file.set_size(4096);
  Bytes half(2048);
  CHECK(dies_with([&] { file.read_page(0, half); }, "page.size() == page_size_.bytes()"));
  CHECK(dies_with([&] { file.write_page(0, half); }, "page.size() == page_size_.bytes()"));
  CHECK(dies_with([&] { file.write_page(1, page_of(1)); }, "pgoff < page_count()"));
  CHECK(dies_with([&] { file.set_size(file.size_bytes_max() + 1); }, "size_bytes_max()"));
  CHECK(dies_with([&] { file.remove_link(); }, "links_ > 0"));
}

TEST_CASE("SimFile: a hole is promised room until it has some, or the file is cut there") {
  SimFile file(FileKind::kDisk, kPage, 1);
  file.set_size(8 * 4096);
  file.write_page(0, page_of(1));
  file.reserve(1, 1);
  for (uint64_t pgoff = 0; pgoff < 12; ++pgoff) file.promise(pgoff);
  const auto promised = [&] {
    std::string picture;
    for (uint64_t pgoff = 0; pgoff < 12; ++pgoff) picture += file.promised(pgoff) ? 'p' : '.';
    file.validate();
    return picture;
  };
  CHECK(promised() == "..pppppppppp");
  file.write_page(2, page_of(2));
  file.reserve(3, 1);
  file.punch(4, 1);
  file.allocate(10, 1);
  CHECK(promised() == ".....ppppp.p");
  CHECK(file.has_page(10));
  CHECK(read(file, 10) == page_of(0));
  SUBCASE("growing keeps it") {
    file.set_size(9 * 4096);
    CHECK(promised() == ".....ppppp.p");
  }
  SUBCASE("not to grow does not") {
    file.set_size(8 * 4096);
    CHECK(promised() == ".....ppp....");
    CHECK(!file.has_page(10));
  }
  SUBCASE("pages move") {
    file.insert(6, 1);
    CHECK(promised() == ".....p......");
    CHECK(file.has_page(11));
  }
  SUBCASE("memory is lost") {
    file.forget_promises();
    CHECK(promised() == "............");
  }
}

TEST_CASE("SimFile: validate sees each broken invariant") {
  SimFile file(FileKind::kDisk, kPage, 1);
  file.set_size(3 * 4096);
  file.write_page(2, page_of(4));
  SUBCASE("1: bytes past the end") {
    SimFileTestPeer::set_raw_size(file, 2 * 4096 + 5);
    CHECK(dies_with([&] { file.validate(); }, "bytes stored past the end of the file"));
  }
  SUBCASE("1: bytes beyond the last page") {
    SimFileTestPeer::set_raw_size(file, 4096);
    CHECK(dies_with([&] { file.validate(); }, "bytes stored past the end of the file"));
  }
  SUBCASE("2: the pattern beyond the end") {
    SimFileTestPeer::set_pattern_end(file, 3 * 4096 + 1);
    CHECK(dies_with([&] { file.validate(); }, "the pattern ends beyond the file"));
  }
  SUBCASE("3: a page that is there was promised") {
    SimFileTestPeer::add_promise(file, 2);
    CHECK(dies_with([&] { file.validate(); }, "page 2 is promised and there"));
  }
}

}  // namespace
}  // namespace faultline::storage
