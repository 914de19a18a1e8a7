// What madvise(2) and mincore(2) do to a process: fault counts, bytes and residency, as Linux 6.18
// answered when it was asked; row numbers are those of docs/fidelity.md.
#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "tests/support/one_process.h"

namespace faultline {
namespace {

namespace abi = linux_abi;
using testing::kPage;
using testing::kRw;

struct Trial : testing::OneProcess {
  using OneProcess::OneProcess;

  VirtAddr map_anon(uint64_t pages, uint64_t type = abi::kMAP_PRIVATE, uint64_t prot = kRw) {
    return process
        ->mmap({.length_bytes = pages * kPage, .prot = prot, .flags = type | abi::kMAP_ANONYMOUS})
        .value();
  }
  // A file of 8 pages, read already, whose byte i is that of Machine::create_file.
  VirtAddr map_file(const char* path, uint64_t type) {
    REQUIRE(machine->create_file(path, 8 * kPage, 0).ok());
    const int fd = process->open(path, abi::kO_RDWR, 0).value();
    std::vector<std::byte> bytes(8 * kPage);
    REQUIRE(process->pread(fd, {.outside = bytes}, 0).value() == bytes.size());
    return process->mmap({.length_bytes = 8 * kPage, .prot = kRw, .flags = type, .fd = fd}).value();
  }

  // "minor+major", what `act` returned behind it if that is an error.
  template <class Act>
  std::string faults(Act act) {
    const FaultCounts before = process->faults();
    const std::optional<Errno> error = act();
    machine->validate();
    const FaultCounts grown = process->faults() - before;
    std::string text = std::to_string(grown.minor) + '+' + std::to_string(grown.major);
    return error ? text + ' ' + std::string(errno_name(*error)) : text;
  }
  std::string load(VirtAddr at, uint64_t pages) {
    std::vector<std::byte> bytes(pages * kPage);
    return faults([&]() -> std::optional<Errno> {
      REQUIRE(process->load(at, bytes).bytes_done == bytes.size());
      return std::nullopt;
    });
  }
  std::string store(VirtAddr at, uint64_t pages, int value = 1) {
    const std::vector<std::byte> bytes(pages * kPage, std::byte(value));
    return faults([&]() -> std::optional<Errno> {
      REQUIRE(process->store(at, bytes).bytes_done == bytes.size());
      return std::nullopt;
    });
  }
  std::string advise(VirtAddr at, uint64_t pages, uint64_t advice) {
    return faults([&]() -> std::optional<Errno> {
      const Result<void> done = process->madvise(at, pages * kPage, advice);
      return done ? std::nullopt : std::optional(done.error());
    });
  }
  // A digit a page; what was not written is '9'.
  std::string residency(VirtAddr at, uint64_t pages) {
    std::vector<std::byte> vector(pages, std::byte{9});
    const Result<void> done =
        process->mincore(at, pages * kPage, {.length_bytes = pages, .outside = vector});
    std::string text;
    for (const std::byte byte : vector) text += static_cast<char>('0' + static_cast<int>(byte));
    return done ? text : text + ' ' + std::string(errno_name(done.error()));
  }
  int byte(VirtAddr at) {
    std::byte byte{};
    REQUIRE(process->load(at, {&byte, 1}).bytes_done == 1);
    return static_cast<int>(byte);
  }
  std::optional<SignalCode> signal(VirtAddr at) {
    std::byte byte{};
    const AccessOutcome outcome = process->load(at, {&byte, 1});
    if (!outcome.signal) return std::nullopt;
    return outcome.signal->code;
  }
};

TEST_CASE("H2: DONTNEED gives zeros, the file's bytes, or the shared page again") {
  Trial t;
  const VirtAddr anon = t.map_anon(4);
  t.store(anon, 4, 7);
  CHECK(t.advise(anon + kPage, 2, abi::kMADV_DONTNEED) == "0+0");
  CHECK(t.residency(anon, 4) == "1001");
  CHECK(t.byte(anon + kPage) == 0);
  CHECK(t.byte(anon + 3 * kPage) == 7);
  const VirtAddr file = t.map_file("/f", abi::kMAP_PRIVATE);
  t.store(file, 1, 9);
  CHECK(t.byte(file) == 9);
  t.advise(file, 1, abi::kMADV_DONTNEED);
  CHECK(t.byte(file) == 0);
  const VirtAddr shared = t.map_anon(2, abi::kMAP_SHARED);
  t.store(shared, 1, 5);
  t.advise(shared, 2, abi::kMADV_DONTNEED);
  CHECK(t.residency(shared, 2) == "10");
  CHECK(t.load(shared, 1) == "1+0");
  CHECK(t.byte(shared) == 5);
  CHECK(t.store(shared, 1) == "0+0");
}

TEST_CASE("H2, D10: DONTNEED of a dirty page of a disk file; the next store is noticed again") {
  Trial t;
  const VirtAddr at = t.map_file("/f", abi::kMAP_SHARED);
  CHECK(t.store(at, 1, 5) == "1+0");
  t.advise(at, 1, abi::kMADV_DONTNEED);
  CHECK(t.load(at, 1) == "1+0");
  CHECK(t.store(at, 1, 5) == "1+0");
  t.advise(at, 1, abi::kMADV_DONTNEED);
  CHECK(t.store(at, 1, 5) == "1+0");
}

TEST_CASE("H3: after FREE a load and a store fault not, and PAGEOUT takes what was not stored to") {
  Trial t;
  const VirtAddr at = t.map_anon(5);
  t.store(at, 4, 7);
  t.load(at + 4 * kPage, 1);
  CHECK(t.advise(at, 5, abi::kMADV_FREE) == "0+0");
  CHECK(t.residency(at, 5) == "11111");
  CHECK(t.byte(at) == 7);
  CHECK(t.store(at + kPage, 1, 8) == "0+0");
  CHECK(t.advise(at + 2 * kPage, 1, abi::kMADV_POPULATE_WRITE) == "0+0");
  CHECK(t.advise(at, 5, abi::kMADV_PAGEOUT) == "0+0");
  CHECK(t.residency(at, 5) == "01101");
  CHECK(t.byte(at) == 0);
  CHECK(t.byte(at + kPage) == 8);
  CHECK(t.byte(at + 2 * kPage) == 7);
}

TEST_CASE("H3: droppable memory is dropped though it was stored to") {
  Trial t;
  const VirtAddr at = t.map_anon(2, abi::kMAP_DROPPABLE);
  t.store(at, 2, 5);
  t.advise(at, 1, abi::kMADV_PAGEOUT);
  CHECK(t.load(at, 2) == "1+0");
  CHECK(t.byte(at) == 0);
  CHECK(t.byte(at + kPage) == 5);
}

TEST_CASE("H4: REMOVE makes holes; copies of private mappings stay") {
  for (const char* path : {"/f", "/dev/shm/f"}) {
    Trial t;
    const VirtAddr shared = t.map_file(path, abi::kMAP_SHARED);
    const int fd = t.process->open(path, abi::kO_RDWR, 0).value();
    const VirtAddr copy =
        t.process
            ->mmap({.length_bytes = 8 * kPage, .prot = kRw, .flags = abi::kMAP_PRIVATE, .fd = fd})
            .value();
    t.store(shared, 1, 7);
    t.store(copy, 1, 8);
    t.load(copy + kPage, 1);
    CHECK(t.byte(shared + kPage) == 7);
    CHECK(t.advise(shared, 2, abi::kMADV_REMOVE) == "0+0");
    CHECK(t.residency(shared, 4) == "0011");
    CHECK(t.residency(copy, 4) == "1011");
    CHECK(t.byte(shared) == 0);
    CHECK(t.byte(shared + kPage) == 0);
    CHECK(t.byte(copy) == 8);
    CHECK(t.advise(copy, 1, abi::kMADV_REMOVE) == "0+0 EACCES");
  }
}

TEST_CASE("H5: PAGEOUT drops clean pages of files, and unmaps dirty ones") {
  Trial t;
  const VirtAddr at = t.map_file("/f", abi::kMAP_SHARED);
  t.load(at, 8);
  t.store(at + 7 * kPage, 1);
  CHECK(t.advise(at + 4 * kPage, 4, abi::kMADV_PAGEOUT) == "0+0");
  CHECK(t.residency(at, 8) == "11110001");
  CHECK(t.load(at + 7 * kPage, 1) == "1+0");
  CHECK(t.load(at + 4 * kPage, 1) == "0+1");
}

TEST_CASE("H5: PAGEOUT on tmpfs: what was written is unmapped, a hole that was read goes") {
  Trial t;
  const VirtAddr at = t.map_anon(4, abi::kMAP_SHARED);
  t.load(at, 2);
  t.store(at + 2 * kPage, 2, 6);
  CHECK(t.residency(at, 4) == "1111");
  t.advise(at, 4, abi::kMADV_PAGEOUT);
  CHECK(t.residency(at, 4) == "0011");
  CHECK(t.load(at + 2 * kPage, 2) == "1+0");
  CHECK(t.byte(at + 3 * kPage) == 6);
}

TEST_CASE("L1: PAGEOUT swaps anonymous pages where memory is short and there is swap") {
  MachineOptions options;
  options.frames = 64;
  Trial t(options);
  const VirtAddr at = t.map_anon(3);
  t.store(at, 2, 7);
  t.load(at + 2 * kPage, 1);
  t.advise(at, 3, abi::kMADV_PAGEOUT);
  CHECK(t.residency(at, 3) == "001");
  CHECK(t.load(at, 1) == "0+1");
  CHECK(t.byte(at) == 7);
  CHECK(t.advise(at, 3, abi::kMADV_FREE) == "0+0");
  CHECK(t.byte(at + kPage) == 0);
  // Without swap they stay.
  Trial other;
  const VirtAddr there = other.map_anon(1);
  other.store(there, 1);
  other.advise(there, 1, abi::kMADV_PAGEOUT);
  CHECK(other.residency(there, 1) == "1");
}

TEST_CASE("H5: WILLNEED reads files into the cache, as much as one request of the disk holds") {
  Trial t;
  REQUIRE(t.machine->create_file("/f", 2000 * kPage, 0).ok());
  const int fd = t.process->open("/f", abi::kO_RDWR, 0).value();
  const VirtAddr at =
      t.process
          ->mmap({.length_bytes = 2000 * kPage, .prot = kRw, .flags = abi::kMAP_SHARED, .fd = fd})
          .value();
  CHECK(t.advise(at, 3, abi::kMADV_WILLNEED) == "0+0");
  CHECK(t.residency(at, 4) == "1110");
  CHECK(t.load(at, 3) == "1+0");
  t.advise(at, 2000, abi::kMADV_WILLNEED);
  CHECK(t.residency(at + 1022 * kPage, 4) == "1100");
  CHECK(t.advise(t.map_anon(1), 1, abi::kMADV_WILLNEED) == "0+0");
}

TEST_CASE("H6: POPULATE counts its faults, up to the page that cannot be") {
  Trial t;
  const VirtAddr at = t.map_anon(4);
  CHECK(t.advise(at, 4, abi::kMADV_POPULATE_READ) == "4+0");
  CHECK(t.advise(at, 4, abi::kMADV_POPULATE_READ) == "0+0");
  CHECK(t.advise(at, 4, abi::kMADV_POPULATE_WRITE) == "4+0");
  CHECK(t.advise(at, 4, abi::kMADV_POPULATE_WRITE) == "0+0");
  REQUIRE(t.process->munmap(at + 3 * kPage, kPage).ok());
  REQUIRE(t.process->mprotect(at + 2 * kPage, kPage, abi::kPROT_NONE).ok());
  REQUIRE(t.process->madvise(at, 2 * kPage, abi::kMADV_DONTNEED).ok());
  CHECK(t.advise(at, 4, abi::kMADV_POPULATE_READ) == "2+0 EINVAL");
  CHECK(t.advise(at + 3 * kPage, 1, abi::kMADV_POPULATE_READ) == "0+0 ENOMEM");
  REQUIRE(t.process->madvise(at + kPage, kPage, abi::kMADV_GUARD_INSTALL).ok());
  CHECK(t.advise(at, 4, abi::kMADV_POPULATE_WRITE) == "1+0 EFAULT");
  const VirtAddr file = t.map_file("/f", abi::kMAP_SHARED);
  CHECK(t.advise(file, 8, abi::kMADV_POPULATE_READ) == "1+0");
  CHECK(t.advise(file, 8, abi::kMADV_POPULATE_WRITE) == "8+0");
  const int fd = t.process->open("/f", abi::kO_RDWR, 0).value();
  REQUIRE(t.process->ftruncate(fd, 3 * kPage).ok());
  CHECK(t.advise(file, 8, abi::kMADV_POPULATE_WRITE) == "0+0 EFAULT");
}

TEST_CASE("D17: an access to a guard is SEGV_MAPERR, and counts as no fault") {
  Trial t;
  const VirtAddr at = t.map_anon(3);
  t.store(at, 3);
  t.advise(at + kPage, 1, abi::kMADV_GUARD_INSTALL);
  const FaultCounts before = t.process->faults();
  CHECK(t.signal(at + kPage) == SignalCode::kSegvMapErr);
  CHECK((t.process->faults() - before).minor == 0);
  CHECK(t.residency(at, 3) == "101");
  const Result<std::vector<uint64_t>> pagemap = t.process->pagemap({at + kPage, at + 2 * kPage});
  REQUIRE(pagemap.ok());
  REQUIRE(pagemap->size() == 1);
  CHECK((*pagemap)[0] == 0x4400000000000000);
  t.advise(at, 3, abi::kMADV_DONTNEED);
  CHECK(t.signal(at + kPage) == SignalCode::kSegvMapErr);
  REQUIRE(t.process->mprotect(at, 3 * kPage, abi::kPROT_NONE).ok());
  CHECK(t.signal(at + kPage) == SignalCode::kSegvAccErr);
  REQUIRE(t.process->mprotect(at, 3 * kPage, kRw).ok());
  t.advise(at, 3, abi::kMADV_GUARD_REMOVE);
  CHECK(t.load(at, 3) == "3+0");
}

TEST_CASE("H8: COLLAPSE is refused, for huge pages are off") {
  Trial t;
  CHECK(t.advise(t.map_anon(1024), 1024, abi::kMADV_COLLAPSE) == "0+0 EINVAL");
}

TEST_CASE("G2: mincore's errors, in Linux's order, and what was written before them") {
  Trial t;
  const VirtAddr at = t.map_anon(4);
  const VirtAddr vector = t.map_anon(2);
  t.store(at, 1);
  Process& p = *t.process;
  const auto error = [&](VirtAddr start, uint64_t length_bytes, VirtAddr to) {
    const Result<void> done = p.mincore(start, length_bytes, {.address = to, .length_bytes = 1000});
    return done ? std::nullopt : std::optional(done.error());
  };
  const VirtAddr end{0x7ffffffff000};
  CHECK(error(at + 1, 0, {}) == Errno::kEINVAL);
  CHECK(error(at, 0, {}) == std::nullopt);
  CHECK(error(end, 0, {}) == std::nullopt);
  CHECK(error(end, 1, {}) == Errno::kENOMEM);
  CHECK(error(at, ~uint64_t{0}, vector) == Errno::kENOMEM);
  CHECK(error({0x20000000}, kPage, end) == Errno::kEFAULT);
  CHECK(error({0x20000000}, kPage, {}) == Errno::kENOMEM);
  CHECK(error(at, kPage, {}) == Errno::kEFAULT);
  // Two bytes of four are written before the vector's end.
  REQUIRE(p.munmap(vector + kPage, kPage).ok());
  CHECK(t.faults([&] { return error(at, 4 * kPage, vector + kPage - 2); }) == "1+0 EFAULT");
  CHECK(t.byte(vector + kPage - 2) == 1);
  CHECK(t.byte(vector + kPage - 1) == 0);
  REQUIRE(p.munmap(at + 2 * kPage, kPage).ok());
  CHECK(t.residency(at, 4) == "1099 ENOMEM");
}

TEST_CASE("G2: mincore looks at more than a page of bytes piece by piece") {
  Trial t;
  const VirtAddr at = t.map_anon(5000);
  t.store(at + 4500 * kPage, 1);
  const std::string text = t.residency(at, 5000);
  CHECK(text.size() == 5000);
  CHECK(text.find('1') == 4500);
  CHECK(text.rfind('1') == 4500);
  CHECK(text.find('9') == std::string::npos);
  // A vector of the caller's own may be shorter.
  std::vector<std::byte> first(4501, std::byte{9});
  const auto done = t.process->mincore(at, 5000 * kPage, {.length_bytes = 5000, .outside = first});
  CHECK(done.ok());
  CHECK(first[4499] == std::byte{0});
  CHECK(first[4500] == std::byte{1});
}

}  // namespace
}  // namespace faultline
