// Processes that fork, end and are waited for; counts as Linux 6.18 answered when it was asked. Row
// numbers are those of docs/fidelity.md.
#include <doctest/doctest.h>

#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"
#include "tests/support/death.h"
#include "tests/support/one_process.h"

namespace faultline::machine {

struct MachineTestPeer {
  static auto& living(MachineImpl& machine) { return machine.living_; }
  static uint32_t& pid(Process& process) {
    return static_cast<ProcessImpl&>(process).task().pid.value;
  }
};

namespace {

namespace abi = linux_abi;
using testing::kPage;
using testing::kRw;

constexpr uint64_t kVfork = abi::kCLONE_VM | abi::kCLONE_VFORK | abi::kSIGCHLD;

struct Trial : testing::OneProcess {
  using OneProcess::OneProcess;
  ~Trial() { machine->validate(); }

  VirtAddr map(uint64_t pages, uint64_t flags = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS,
               int fd = -1) {
    return process->mmap({.length_bytes = pages * kPage, .prot = kRw, .flags = flags, .fd = fd})
        .value();
  }
  Process& fork(uint64_t flags = abi::kSIGCHLD) { return fork(*process, flags); }
  Process& fork(Process& parent, uint64_t flags = abi::kSIGCHLD) {
    const Result<Process*> child = parent.clone(flags);
    REQUIRE(child.ok());
    machine->validate();
    return **child;
  }
  // The faults of a store to, or a load from, each of the pages.
  uint64_t store(Process& in, VirtAddr at, uint64_t pages, uint8_t byte) {
    const FaultCounts before = in.faults();
    for (uint64_t i = 0; i < pages; ++i)
      REQUIRE(in.store(at + i * kPage, std::vector{std::byte{byte}}).bytes_done == 1);
    machine->validate();
    return (in.faults() - before).minor;
  }
  uint64_t load(Process& in, VirtAddr at, uint64_t pages, uint8_t byte) {
    const FaultCounts before = in.faults();
    for (uint64_t i = 0; i < pages; ++i) {
      std::byte found{};
      REQUIRE(in.load(at + i * kPage, {&found, 1}).bytes_done == 1);
      CHECK(unsigned(found) == byte);
    }
    machine->validate();
    return (in.faults() - before).minor;
  }
  uint64_t wait(Process& parent, int64_t pid = -1, uint64_t options = 0) {
    const auto reaped = parent.wait4({.pid = pid, .options = options});
    return reaped.ok() ? *reaped : uint64_t(0) - uint64_t(reaped.error());
  }
};

constexpr uint64_t error(Errno e) { return uint64_t(0) - uint64_t(e); }

TEST_CASE("fork D15: a store copies the page, the last owner's store takes it over") {
  Trial t;
  const VirtAddr at = t.map(8);
  CHECK(t.store(*t.process, at, 8, 1) == 8);
  Process& child = t.fork();
  CHECK(child.faults().minor == 0);
  CHECK(t.load(child, at, 8, 1) == 0);
  CHECK(t.store(child, at, 4, 2) == 4);
  CHECK(t.store(child, at, 4, 2) == 0);
  CHECK(t.load(*t.process, at, 8, 1) == 0);
  CHECK(t.store(*t.process, at, 8, 3) == 8);
  CHECK(t.store(*t.process, at, 8, 3) == 0);
  CHECK(t.load(child, at, 4, 2) == 0);
  CHECK(t.load(child, at + 4 * kPage, 4, 1) == 0);
}

TEST_CASE("fork D15: after the child has ended each page costs its owner one fault more") {
  Trial t;
  const VirtAddr at = t.map(8);
  t.store(*t.process, at, 8, 1);
  t.fork().exit(0);
  CHECK(t.store(*t.process, at, 8, 2) == 8);
  t.fork().exit(0);
  REQUIRE(t.process->mprotect(at, 8 * kPage, abi::kPROT_READ).ok());
  REQUIRE(t.process->mprotect(at, 8 * kPage, kRw).ok());
  CHECK(t.store(*t.process, at, 8, 2) == 8);
}

TEST_CASE("fork D15: what is not anonymous is faulted in again by the child") {
  Trial t;
  const VirtAddr zeros = t.map(8);
  t.load(*t.process, zeros, 8, 0);
  const int fd = t.process->memfd_create("m", 0).value();
  REQUIRE(t.process->ftruncate(fd, 64 * kPage).ok());
  const VirtAddr shared = t.map(64, abi::kMAP_SHARED, fd);
  t.store(*t.process, shared, 64, 5);
  const VirtAddr copied = t.map(64, abi::kMAP_PRIVATE, fd);
  t.load(*t.process, copied, 64, 5);
  Process& child = t.fork();
  CHECK(t.load(child, zeros, 8, 0) == 8);
  CHECK(t.load(child, shared, 64, 5) == 5);  // neither begins at a multiple of 16 pages
  CHECK(t.load(child, copied, 64, 5) == 5);
  CHECK(t.store(*t.process, copied, 1, 6) == 1);
  Process& second = t.fork();
  CHECK(t.load(second, copied + kPage, 63, 5) == 0);
  CHECK(t.load(second, copied, 1, 6) == 0);
  CHECK(t.store(second, copied, 64, 7) == 64);
  // Shared memory is one.
  t.store(second, shared, 1, 9);
  CHECK(t.load(*t.process, shared, 1, 9) == 0);
}

TEST_CASE("fork: the child has the same open files, at the same positions") {
  Trial t;
  REQUIRE(t.machine->create_file("/f", 100, 0).ok());
  const int fd = t.process->open("/f", abi::kO_RDWR, 0).value();
  Process& child = t.fork();
  std::vector<std::byte> bytes(10);
  CHECK(t.process->read(fd, {.outside = bytes}).value() == 10);
  CHECK(child.lseek(fd, 0, abi::kSEEK_CUR).value() == 10);
  REQUIRE(child.close(fd).ok());
  CHECK(t.process->lseek(fd, 5, abi::kSEEK_CUR).value() == 15);
  CHECK(t.process->dup(fd).value() == 4);
  CHECK_FALSE(child.lseek(4, 0, abi::kSEEK_CUR).ok());
  Process& sharing = t.fork(abi::kCLONE_FILES | abi::kSIGCHLD);
  REQUIRE(sharing.close(4).ok());
  CHECK_FALSE(t.process->close(4).ok());
}

TEST_CASE("vfork: both are in one address space, which goes with the last of them") {
  Trial t;
  const VirtAddr at = t.map(2);
  t.store(*t.process, at, 1, 1);
  Process& child = t.fork(kVfork);
  CHECK(t.store(child, at, 2, 2) == 1);
  REQUIRE(child.munmap(at + kPage, kPage).ok());
  const uint64_t table_pages = t.machine->stats().memory.page_table_pages;
  child.exit(0);
  CHECK(t.machine->stats().memory.page_table_pages == table_pages);
  CHECK(t.load(*t.process, at, 1, 2) == 0);
  CHECK(t.process->maps().size() == 2);
  Process& other = t.fork(abi::kCLONE_VM | abi::kSIGCHLD);
  t.process->exit(0);
  CHECK(t.load(other, at, 1, 2) == 0);
}

TEST_CASE("processes: numbers go up, and begin again when nobody is left") {
  Trial t;
  Process& second = t.fork();
  CHECK(second.pid().value == 2);
  second.exit(0);
  Process& third = t.fork();
  CHECK(third.pid().value == 3);
  CHECK(t.fork(third).pid().value == 4);
  t.process->exit(0);
  third.exit(0);
  CHECK(t.process->kill(4, abi::kSIGKILL).error() == Errno::kESRCH);  // who has ended
  CHECK(third.clone(abi::kSIGCHLD).error() == Errno::kESRCH);
}

TEST_CASE("wait4: who has ended is told of once, with its status and its own faults") {
  Trial t;
  const VirtAddr at = t.map(4);
  t.store(*t.process, at, 4, 1);
  Process& child = t.fork();
  CHECK(t.wait(*t.process) == error(Errno::kEDEADLK));
  CHECK(t.wait(*t.process, -1, abi::kWNOHANG) == 0);
  t.store(child, at, 3, 2);
  child.exit(0x107);
  const VirtAddr status = at;
  const VirtAddr usage = at + kPage;
  CHECK(t.process->wait4({.pid = 2, .status = status, .rusage = usage}).value() == 2);
  uint64_t value = 0;
  t.process->peek(status, 4, &value);
  CHECK(value == 0x700);
  t.process->peek(usage + 64, 8, &value);
  CHECK(value == 3);
  CHECK(t.wait(*t.process, 2) == error(Errno::kECHILD));
}

TEST_CASE("wait4: a bad address is told of when the child is gone already") {
  Trial t;
  t.fork().exit(0);
  CHECK(t.process->wait4({.status = {8}}).error() == Errno::kEFAULT);
  CHECK(t.wait(*t.process) == error(Errno::kECHILD));
  t.fork().exit(3);
  const VirtAddr at = t.map(1);
  CHECK(t.process->wait4({.status = at, .rusage = {8}}).error() == Errno::kEFAULT);
  CHECK(t.process->peek(at, 4, std::make_unique<uint64_t>().get()).bytes_done == 4);
  for (const VirtAddr bad : {VirtAddr{0x7ffffffff000}, VirtAddr{~uint64_t{0}}}) {
    t.fork().exit(0);
    CHECK(t.process->wait4({.rusage = bad}).error() == Errno::kEFAULT);
  }
}

TEST_CASE("fork: there is an end to how many processes there may be, zombies among them") {
  Trial t;
  for (int i = 1; i < 1000; ++i) REQUIRE(t.process->clone(abi::kCLONE_VM | abi::kSIGCHLD).ok());
  CHECK(t.process->clone(abi::kSIGCHLD).error() == Errno::kENOSYS);
  REQUIRE(t.process->kill(500, abi::kSIGKILL).ok());
  CHECK(t.process->clone(abi::kSIGCHLD).error() == Errno::kENOSYS);
  CHECK(t.wait(*t.process) == 500);
  CHECK(t.process->clone(abi::kSIGCHLD).ok());
}

TEST_CASE("kill: ends whoever lives, and is well with a zombie") {
  Trial t;
  Process& child = t.fork();
  CHECK(t.process->kill(2, 0).ok());
  CHECK(t.process->kill(2, 65).error() == Errno::kEINVAL);
  CHECK(t.process->kill(7, 65).error() == Errno::kESRCH);
  CHECK(t.process->kill(2, abi::kSIGTERM).error() == Errno::kENOSYS);
  CHECK(child.alive());
  CHECK(t.process->kill(2, abi::kSIGKILL).ok());
  CHECK_FALSE(child.alive());
  CHECK(t.process->kill(2, abi::kSIGKILL).ok());
  const VirtAddr at = t.map(1);
  CHECK(t.process->wait4({.status = at}).value() == 2);
  uint64_t value = 0;
  t.process->peek(at, 4, &value);
  CHECK(value == 9);
  CHECK(t.process->kill(2, abi::kSIGKILL).error() == Errno::kESRCH);
  CHECK(t.process->kill(1, abi::kSIGKILL).ok());
  CHECK_FALSE(t.process->alive());
}

TEST_CASE("clone: a sibling, namespaces, and the struct of clone3") {
  Trial t;
  Process& child = t.fork();
  const Result<Process*> sibling = child.clone(abi::kCLONE_PARENT | abi::kSIGCHLD);
  (*sibling)->exit(0);
  CHECK(t.wait(child) == error(Errno::kECHILD));
  CHECK(t.wait(*t.process) == 3);
  CHECK(child.clone(abi::kCLONE_NEWUTS | abi::kSIGCHLD).error() == Errno::kEPERM);
  CHECK(child.clone(abi::kCLONE_THREAD).error() == Errno::kEINVAL);
  const VirtAddr args = t.map(1);
  CHECK(t.process->clone3({8}, 64).error() == Errno::kEFAULT);
  CHECK(t.process->clone3(args, 64).value()->pid().value == 4);
  REQUIRE(t.process->kill(4, abi::kSIGKILL).ok());
  CHECK(t.wait(*t.process, 4) == error(Errno::kECHILD));
  CHECK(t.wait(*t.process, 4, abi::kWCLONE) == 4);
}

TEST_CASE("fork: shared pages are evicted and come back to both") {
  Trial t({.frames = 24});
  const VirtAddr at = t.map(8);
  t.store(*t.process, at, 8, 1);
  Process& child = t.fork();
  const VirtAddr other = t.map(24);
  t.store(*t.process, other, 24, 2);
  t.load(*t.process, at, 8, 1);
  t.load(child, at, 8, 1);
  t.store(child, at, 8, 3);
  t.load(*t.process, at, 8, 1);
  child.exit(0);
  t.load(*t.process, other, 24, 2);
}

TEST_CASE("Machine invariant 7: a process that is not noted, and two of one number") {
  CHECK(faultline::testing::dies_with(
      [] {
        Trial t;
        t.fork();
        MachineTestPeer::living(static_cast<MachineImpl&>(*t.machine)).pop_back();
        t.machine->validate();
      },
      "2 live, 1 are noted"));
  CHECK(faultline::testing::dies_with(
      [] {
        Trial t;
        MachineTestPeer::pid(t.fork()) = 1;
        t.machine->validate();
      },
      "process 1 after 1"));
}

}  // namespace
}  // namespace faultline::machine
