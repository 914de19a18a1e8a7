#include "sim/mm/commit_account.h"

#include <doctest/doctest.h>

#include "sim/storage/sim_file.h"
#include "tests/mm/simulated_process.h"
#include "tests/support/death.h"

namespace faultline::mm {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kAnon = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS;
constexpr uint64_t kSharedAnon = linux_abi::kMAP_SHARED | linux_abi::kMAP_ANONYMOUS;

// A limit of 500 pages, of which nothing is kept back.
CommitSettings strict() {
  return {.overcommit = Overcommit::kNever,
          .total_pages = 1000,
          .admin_reserve_kbytes = 0,
          .user_reserve_kbytes = 0};
}

TEST_CASE("CommitAccount: mode 0 refuses a request larger than memory, whatever the sum is") {
  CommitAccount commit({.total_pages = 1000});
  commit.add(5000);
  CHECK(commit.enough({.pages = 1000}));
  CHECK_FALSE(commit.enough({.pages = 1001}));
}

TEST_CASE("CommitAccount: mode 1 refuses nothing") {
  const CommitAccount commit({.overcommit = Overcommit::kAlways, .total_pages = 1});
  CHECK(commit.enough({.pages = 1u << 30}));
}

TEST_CASE("CommitAccount: mode 2 keeps the sum below the limit") {
  CommitAccount commit(strict());
  CHECK(commit.limit_pages() == 500);
  CHECK(commit.enough({.pages = 499}));
  CHECK_FALSE(commit.enough({.pages = 500}));
  commit.add(400);
  CHECK(commit.enough({.pages = 99}));
  CHECK_FALSE(commit.enough({.pages = 100}));
  commit.give_back(1);
  CHECK(commit.enough({.pages = 100}));
}

TEST_CASE("CommitAccount: vm.overcommit_ratio and vm.overcommit_kbytes set the limit") {
  CommitSettings settings = strict();
  settings.ratio_percent = 33;
  CHECK(CommitAccount(settings).limit_pages() == 330);
  settings.limit_kbytes = 84;  // 21 pages
  CHECK(CommitAccount(settings).limit_pages() == 21);
}

TEST_CASE("CommitAccount: mode 2 keeps a reserve for root and one for the user's way out") {
  CommitSettings settings = strict();
  settings.admin_reserve_kbytes = 40;  // 10 pages
  settings.user_reserve_kbytes = 80;   // 20 pages
  const CommitAccount commit(settings);
  CHECK(commit.enough({.pages = 489}));
  CHECK_FALSE(commit.enough({.pages = 490}));
  CHECK(commit.enough({.pages = 499, .privileged = true}));
  // A thirty-second of what the process has, up to the reserve.
  CHECK(commit.enough({.pages = 486, .total_vm = 96}));
  CHECK_FALSE(commit.enough({.pages = 487, .total_vm = 96}));
  CHECK(commit.enough({.pages = 469, .total_vm = 1 << 20}));
  CHECK_FALSE(commit.enough({.pages = 470, .total_vm = 1 << 20}));
}

TEST_CASE("CommitAccount: reserves above the limit leave nothing to grant") {
  CommitSettings settings = strict();
  settings.admin_reserve_kbytes = 1 << 20;
  CHECK_FALSE(CommitAccount(settings).enough({.pages = 1}));
}

TEST_CASE("CommitAccount: giving back what was never promised stops the program") {
  CHECK(testing::dies_with(
      [] {
        CommitAccount commit;
        commit.add(3);
        commit.give_back(4);
      },
      "4 pages given back of 3"));
}

// What mmap answers, with these pages, rights and flags.
Result<VirtAddr> map(SimulatedProcess& process, uint64_t pages, uint64_t prot, uint64_t flags) {
  MapRequest request;
  request.length_bytes = pages * kPage;
  request.prot = prot;
  request.flags = flags;
  return process.map(request);
}

TEST_CASE("AddressSpace: what is promised is what may be written and is private") {
  SimulatedProcess process({}, strict());
  const auto promised = [&] { return process.commit.committed_pages(); };
  const Result<VirtAddr> written = map(process, 100, 3, kAnon);
  REQUIRE(written.ok());
  CHECK(promised() == 100);
  const Result<VirtAddr> read = map(process, 100, 1, kAnon);
  REQUIRE(read.ok());
  CHECK(promised() == 100);
  REQUIRE(process.space.protect(*read, 10 * kPage, 3, process.gather).ok());
  CHECK(promised() == 110);
  REQUIRE(process.space.protect(*read, 10 * kPage, 1, process.gather).ok());
  CHECK(promised() == 100);  // untouched, it gives the promise back
  REQUIRE(process.space.unmap(*written, 40 * kPage, process.gather).ok());
  CHECK(promised() == 60);
  CHECK(process.space.set_brk({0x600000 + 5 * kPage}, process.gather).value == 0x605000);
  CHECK(promised() == 65);
  CHECK(process.space.set_brk({0x602000}, process.gather).value == 0x602000);
  CHECK(promised() == 62);
  process.space.validate();
}

TEST_CASE("AddressSpace: mode 2 refuses what the sum has no room for, and takes it back later") {
  SimulatedProcess process({}, strict());
  const Result<VirtAddr> most = map(process, 499, 3, kAnon);
  REQUIRE(most.ok());
  CHECK(map(process, 1, 3, kAnon).error() == Errno::kENOMEM);
  CHECK(map(process, 1, 3, kSharedAnon).error() == Errno::kENOMEM);
  CHECK(process.space.set_brk({0x601000}, process.gather).value == 0x600000);
  const Result<VirtAddr> read = map(process, 1000, 1, kAnon);
  REQUIRE(read.ok());
  CHECK(process.space.protect(*read, kPage, 3, process.gather).error() == Errno::kENOMEM);
  REQUIRE(process.space.unmap(*most, 2 * kPage, process.gather).ok());
  CHECK(process.space.protect(*read, kPage, 3, process.gather).ok());
  CHECK(map(process, 1, 3, kAnon).ok());
  CHECK(map(process, 1, 3, kAnon).error() == Errno::kENOMEM);
}

TEST_CASE("AddressSpace: mode 2 does not heed MAP_NORESERVE") {
  SimulatedProcess process({}, strict());
  CHECK(map(process, 500, 3, kAnon | linux_abi::kMAP_NORESERVE).error() == Errno::kENOMEM);
  const Result<VirtAddr> where = map(process, 499, 3, kAnon | linux_abi::kMAP_NORESERVE);
  REQUIRE(where.ok());
  CHECK_FALSE(process.space.find_vma(*where)->has(kVmNoReserve));
  CHECK(process.commit.committed_pages() == 499);
}

TEST_CASE("AddressSpace: MAP_FIXED needs room for what it adds only") {
  SimulatedProcess process({}, strict());
  const Result<VirtAddr> where = map(process, 400, 3, kAnon);
  REQUIRE(where.ok());
  MapRequest again;
  again.hint = *where;
  again.length_bytes = 499 * kPage;
  again.prot = 3;
  again.flags = kAnon | linux_abi::kMAP_FIXED;
  CHECK(process.map(again).ok());
  CHECK(process.commit.committed_pages() == 499);
}

TEST_CASE("AddressSpace: a stack's growth is promised") {
  SimulatedProcess process({}, strict());
  process.space.map_stack({{0x7ffffffde000}, {0x7ffffffff000}}, {0x7fffffffee00});
  CHECK(process.commit.committed_pages() == 33);
  CHECK(process.access({0x7ffffff00000}, true) == "ok");
  CHECK(process.commit.committed_pages() == 255);
  CHECK(process.access({0x7fffffe00000}, true) == "SEGV_MAPERR");
}

TEST_CASE("AddressSpace: a shared anonymous object is promised whole until its last page goes") {
  SimulatedProcess process({}, strict());
  const Result<VirtAddr> where = map(process, 100, 1, kSharedAnon);
  REQUIRE(where.ok());
  CHECK(process.commit.committed_pages() == 100);
  REQUIRE(process.space.unmap(*where, 99 * kPage, process.gather).ok());
  CHECK(process.commit.committed_pages() == 100);
  REQUIRE(process.space.unmap(*where, 100 * kPage, process.gather).ok());
  CHECK(process.commit.committed_pages() == 0);
}

TEST_CASE("AddressSpace: a shared anonymous object with MAP_NORESERVE is promised nothing") {
  SimulatedProcess process({}, {.total_pages = 1000});
  REQUIRE(map(process, 2000, 3, kSharedAnon | linux_abi::kMAP_NORESERVE).ok());
  CHECK(process.commit.committed_pages() == 0);
  CHECK(map(process, 2000, 3, kSharedAnon).error() == Errno::kENOMEM);
}

}  // namespace
}  // namespace faultline::mm
