// /proc/PID/pagemap and /proc/PID/status, row by row as the kernel answered; smaps of pages that
// are swapped out.
#include "sim/proc/proc_fs.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "tests/support/one_process.h"

namespace faultline {
namespace {

using linux_abi::kMAP_ANONYMOUS;
using linux_abi::kMAP_FIXED;
using linux_abi::kMAP_LOCKED;
using linux_abi::kMAP_PRIVATE;
using linux_abi::kMAP_SHARED;
using linux_abi::kPROT_NONE;
using linux_abi::kPROT_READ;
using testing::kPage;
using testing::kRw;

constexpr uint64_t kPrivate = kMAP_PRIVATE | kMAP_ANONYMOUS;

struct Trial : testing::OneProcess {
  using OneProcess::OneProcess;

  VirtAddr map_at(uint64_t address, uint64_t pages) {
    return process
        ->mmap({.address = {address},
                .length_bytes = pages * kPage,
                .prot = kRw,
                .flags = kPrivate | kMAP_FIXED})
        .value();
  }
  // The number of kB behind a key of status.
  uint64_t status(const std::string& key) {
    const std::string text = process->status().value();
    const size_t at = text.find(key + ":\t");
    REQUIRE(at != std::string::npos);
    return std::stoull(text.substr(at + key.size() + 2));
  }
  // The sum over all mappings of the kB behind a key of smaps.
  uint64_t smaps(const std::string& key) {
    const std::string text = process->smaps().value();
    uint64_t sum = 0;
    for (size_t at = text.find("\n" + key + ":"); at != std::string::npos;
         at = text.find("\n" + key + ":", at + 1))
      sum += std::stoull(text.substr(at + key.size() + 2));
    return sum;
  }
  // Bits 63, 62, 61 and 56 of each page, as "p", "s", "f" and "x".
  std::string pagemap(VirtAddr at, uint64_t pages) {
    std::string text;
    const auto entries = process->pagemap({at, at + pages * kPage}).value();
    for (const uint64_t entry : entries) {
      const uint64_t known = proc::kPagemapPresent | proc::kPagemapSwapped | proc::kPagemapFile |
                             proc::kPagemapExclusive;
      CHECK((entry & ~known) == 0);
      if (!text.empty()) text += ' ';
      text += (entry & proc::kPagemapPresent) != 0 ? "p" : "-";
      if ((entry & proc::kPagemapSwapped) != 0) text += 's';
      if ((entry & proc::kPagemapFile) != 0) text += 'f';
      if ((entry & proc::kPagemapExclusive) != 0) text += 'x';
    }
    return text;
  }
};

TEST_CASE("pagemap: a page of its own is exclusive, the zero page is not; PROT_NONE hides none") {
  Trial t;
  const VirtAddr p = t.map(4, kRw, kPrivate);
  t.store(p), t.load(p + 2 * kPage);
  CHECK(t.pagemap(p, 4) == "px - p -");
  REQUIRE(t.process->mprotect(p, 4 * kPage, kPROT_NONE).ok());
  CHECK(t.pagemap(p, 4) == "px - p -");
}

TEST_CASE("pagemap: pages of files, shared by two mappings, and copied") {
  Trial t;
  const int fd = t.process->memfd_create("m", 0).value();
  REQUIRE(t.process->ftruncate(fd, 4 * kPage).ok());
  const VirtAddr shared = t.map(4, kRw, kMAP_SHARED, fd);
  t.load(shared), t.store(shared + kPage);
  CHECK(t.pagemap(shared, 4) == "pfx pfx - -");
  const VirtAddr copied = t.map(4, kRw, kMAP_PRIVATE, fd);
  t.load(copied);
  CHECK(t.pagemap(copied, 4) == "pf pf - -");
  CHECK(t.pagemap(shared, 4) == "pf pf - -");
  t.store(copied + kPage);
  CHECK(t.pagemap(copied, 4) == "pf px - -");
  CHECK(t.pagemap(shared, 4) == "pf pfx - -");
}

TEST_CASE("pagemap: the pages that a range touches, up to the end of user space") {
  Trial t;
  const VirtAddr p = t.map(1, kRw, kPrivate);
  t.store(p);
  CHECK(t.process->pagemap({p + 5, p + 6}).value().size() == 1);
  CHECK(t.process->pagemap({p + 4095, p + 4097}).value().size() == 2);
  CHECK(t.process->pagemap({p, p}).value().empty());
  CHECK(t.process->pagemap({{0x7fffffffe000}, {0x800000005000}}).value().size() == 1);
  CHECK(t.process->pagemap({{0x800000000000}, {0x800000005000}}).value().empty());
}

TEST_CASE("status: the lines at the start") {
  Trial t;
  CHECK(t.process->status().value() ==
        "VmPeak:\t     132 kB\nVmSize:\t     132 kB\nVmLck:\t       0 kB\nVmPin:\t       0 kB\n"
        "VmHWM:\t       8 kB\nVmRSS:\t       8 kB\nRssAnon:\t       8 kB\nRssFile:\t       0 kB\n"
        "RssShmem:\t       0 kB\nVmData:\t       0 kB\nVmStk:\t     132 kB\nVmExe:\t       0 kB\n"
        "VmLib:\t       0 kB\nVmPTE:\t      12 kB\nVmSwap:\t       0 kB\n"
        "HugetlbPages:\t       0 kB\nTHP_enabled:\t0\n");
}

TEST_CASE("status: PROT_NONE becoming writable adds to VmData and leaves VmSize (row I6)") {
  Trial t;
  const VirtAddr p = t.map(10, kPROT_NONE, kPrivate);
  CHECK(t.status("VmSize") == 172);
  CHECK(t.status("VmData") == 0);
  REQUIRE(t.process->mprotect(p, 10 * kPage, kRw).ok());
  CHECK(t.status("VmSize") == 172);
  CHECK(t.status("VmData") == 40);
  t.map(2, kRw, kPrivate | kMAP_LOCKED);
  CHECK(t.status("VmLck") == 8);
  REQUIRE(t.process->munmap(p, 10 * kPage).ok());
  CHECK(t.status("VmSize") == 140);
  CHECK(t.status("VmPeak") == 180);
}

TEST_CASE("status: page tables come with what they map and go at munmap (row M5)") {
  Trial t;
  const uint64_t before = t.status("VmPTE");
  const uint64_t slot = uint64_t{5} << 39;
  const VirtAddr p = t.map_at(slot, 1);
  CHECK(t.status("VmPTE") == before);
  t.store(p);
  CHECK(t.status("VmPTE") == before + 12);
  t.store(t.map_at(slot + (2 << 20), 1));
  CHECK(t.status("VmPTE") == before + 16);
  REQUIRE(t.process->munmap({slot}, 4 << 20).ok());
  CHECK(t.status("VmPTE") == before);
}

TEST_CASE("status: with five levels the P4D tables are not counted") {
  Trial t({.paging = "x86-64-la57"});
  CHECK(t.status("VmPTE") == 12);
}

TEST_CASE("status: what is resident, by kind") {
  Trial t;
  t.map(100, kRw, kPrivate | linux_abi::kMAP_POPULATE);
  CHECK(t.status("RssAnon") == 408);
  t.map(4, kRw, kMAP_SHARED | kMAP_ANONYMOUS | linux_abi::kMAP_POPULATE);
  REQUIRE(t.machine->create_file("/data/file", 3 * kPage, 0).ok());
  const int fd = t.process->open("/data/file", linux_abi::kO_RDWR, 0).value();
  const VirtAddr file = t.map(3, kRw, kMAP_PRIVATE | linux_abi::kMAP_POPULATE, fd);
  CHECK(t.status("RssShmem") == 16);
  CHECK(t.status("RssFile") == 0);  // all copied
  CHECK(t.status("RssAnon") == 420);
  REQUIRE(t.process->munmap(file, 3 * kPage).ok());
  t.load(t.map(3, kPROT_READ, kMAP_PRIVATE, fd));
  CHECK(t.status("RssFile") == 12);
  CHECK(t.status("VmRSS") == 436);
  CHECK(t.status("VmHWM") == 436);
}

TEST_CASE("swapped out: pages of the process have an entry, those of tmpfs none") {
  Trial t({.frames = 40});
  const VirtAddr shared = t.map(10, kRw, kMAP_SHARED | kMAP_ANONYMOUS);
  for (uint64_t i = 0; i < 10; ++i) t.store(shared + i * kPage);
  const VirtAddr p = t.map(60, kRw, kPrivate);
  for (uint64_t i = 0; i < 60; ++i) t.store(p + i * kPage);
  // 2 pages of the stack, 10 and 60, of which 40 stay.
  const uint64_t swap_kb = t.status("VmSwap");
  CHECK(swap_kb == 22 * 4);
  CHECK(t.smaps("Swap") == 32 * 4);
  CHECK(t.smaps("SwapPss") == 22 * 4);
  CHECK(t.smaps("Rss") == 40 * 4);
  CHECK(t.status("VmRSS") == 40 * 4);
  CHECK(t.pagemap(shared, 2) == "- -");
  CHECK(t.pagemap(p, 2) == "-s -s");
}

TEST_CASE("a process that has ended has no entries") {
  Trial t;
  t.process->exit(0);
  CHECK(t.process->smaps().error() == Errno::kESRCH);
  CHECK(t.process->status().error() == Errno::kESRCH);
  CHECK(t.process->pagemap({{0}, {4096}}).error() == Errno::kESRCH);
}

}  // namespace
}  // namespace faultline
