// Names of anonymous memory. From the source and prctl(2): the kernel that is asked elsewhere is
// built without them.
#include <doctest/doctest.h>

#include <string>

#include "sim/mm/address_space.h"
#include "tests/mm/simulated_process.h"

namespace faultline::mm {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kBase = 0x10000000;
constexpr uint64_t kFixedAnon = 0x32;

VirtAddr page(uint64_t index) { return {kBase + index * kPage}; }

struct Trial : SimulatedProcess {
  void map_pages(uint64_t first, uint64_t count, uint64_t flags = kFixedAnon,
                 std::shared_ptr<cache::OpenFile> file = nullptr) {
    MapRequest request;
    request.hint = page(first);
    request.length_bytes = count * kPage;
    request.prot = 3;
    request.flags = flags;
    request.file = std::move(file);
    REQUIRE(map(request).ok());
  }
  std::shared_ptr<cache::OpenFile> open(storage::FileKind kind, bool linked) {
    auto file = std::make_shared<cache::OpenFile>();
    file->backing = make_backing(kind, "/f", 64 * kPage);
    if (!linked) file->backing->file().remove_link();
    file->readable = true;
    file->writable = true;
    return file;
  }
  Result<void> name(uint64_t first, uint64_t count, std::string_view text) {
    const Result<void> done = space.set_name(page(first), count * kPage, text);
    space.validate();
    return done;
  }
  // A letter a page, of the last letter of its name; '|' where one VMA meets the next.
  std::string picture() const {
    std::string text;
    VirtAddr end = page(0);
    for (const MapsLine& line : space.maps()) {
      if (line.range.start < page(0)) continue;
      text.append((line.range.start - end) / kPage, '.');
      if (!text.empty() && text.back() != '.') text += '|';
      end = line.range.end;
      const char letter = line.path.empty() ? '-' : line.path[line.path.size() - 2];
      text.append(line.range.size_bytes() / kPage, letter);
    }
    return text;
  }
};

TEST_CASE("AddressSpace: a name splits what had none, and joins what has the same") {
  Trial t;
  t.map_pages(0, 6);
  CHECK(t.name(1, 2, "a").ok());
  CHECK(t.picture() == "-|aa|---");
  CHECK(t.space.maps()[1].path == "[anon:a]");
  CHECK(t.name(4, 2, "a").ok());
  CHECK(t.picture() == "-|aa|-|aa");
  CHECK(t.name(3, 1, "a").ok());
  CHECK(t.picture() == "-|aaaaa");
  CHECK(t.name(2, 2, "b").ok());
  CHECK(t.picture() == "-|a|bb|aa");
  CHECK(t.name(0, 6, "").ok());
  CHECK(t.picture() == "------");
}

TEST_CASE("AddressSpace: a new mapping has no name, and does not join one that has") {
  Trial t;
  t.map_pages(0, 2);
  CHECK(t.name(0, 2, "a").ok());
  t.map_pages(2, 2);
  CHECK(t.picture() == "aa|--");
  CHECK(t.space.protect(page(0), kPage, 1, t.gather).ok());
  CHECK(t.picture() == "a|a|--");
  CHECK(t.space.protect(page(0), kPage, 3, t.gather).ok());
  CHECK(t.picture() == "aa|--");
}

TEST_CASE("AddressSpace: naming goes on behind holes and says so; files end it") {
  Trial t;
  t.map_pages(0, 2);
  t.map_pages(3, 2);
  CHECK(t.name(0, 5, "a").error() == Errno::kENOMEM);
  CHECK(t.picture() == "aa.aa");
  CHECK(t.name(8, 1, "a").error() == Errno::kENOMEM);
  t.map_pages(5, 1, 0x11, t.open(storage::FileKind::kDisk, true));
  t.map_pages(6, 1);
  CHECK(t.name(3, 4, "b").error() == Errno::kEBADF);
  CHECK(t.picture() == "aa.bb|/|-");
}

TEST_CASE("AddressSpace: shared memory without a name in a file system may be given one") {
  Trial t;
  t.map_pages(0, 1, 0x31);
  t.map_pages(1, 1, 0x11, t.open(storage::FileKind::kTmpfs, false));
  t.map_pages(2, 1, 0x11, t.open(storage::FileKind::kTmpfs, true));
  CHECK(t.name(0, 2, "a").ok());
  CHECK(t.space.maps()[0].path == "[anon_shmem:a]");
  CHECK(t.space.maps()[1].path == "[anon_shmem:a]");
  CHECK(t.name(2, 1, "a").error() == Errno::kEBADF);
}

TEST_CASE("AddressSpace: the heap's label and the stack's come before a name") {
  Trial t;
  CHECK(t.space.set_brk({0x602000}, t.gather).value == 0x602000);
  CHECK(t.space.set_name({0x600000}, 0x2000, "a").ok());
  CHECK(t.space.maps()[0].path == "[heap]");
}

TEST_CASE("AddressSpace: ranges that name nothing") {
  Trial t;
  t.map_pages(0, 1);
  CHECK(t.space.set_name(page(0) + 1, kPage, "a").error() == Errno::kEINVAL);
  CHECK(t.space.set_name(page(0), ~uint64_t{0}, "a").error() == Errno::kEINVAL);
  CHECK(t.space.set_name(page(0), ~uint64_t{0xfff}, "a").error() == Errno::kEINVAL);
  CHECK(t.space.set_name(page(9), 0, "a").ok());
  CHECK(t.picture() == "-");
  CHECK(t.space.set_name(page(0), 1, "a").ok());
  CHECK(t.picture() == "a");
}

}  // namespace
}  // namespace faultline::mm
