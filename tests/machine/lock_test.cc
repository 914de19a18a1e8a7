// mlock and its like on a whole machine: which pages they fault in, and what they answer where a
// page cannot be; prctl, personality and sysctl. As Linux 6.18 answered when it was asked; row
// numbers are those of linux-semantics.
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "tests/support/one_process.h"

namespace faultline {
namespace {

namespace abi = linux_abi;
using testing::kPage;
using testing::kRw;

constexpr uint64_t kAnon = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS;

struct Trial : testing::OneProcess {
  using OneProcess::OneProcess;
  ~Trial() { machine->validate(); }

  VirtAddr map_anon(uint64_t pages, uint64_t prot = kRw, uint64_t flags = kAnon) {
    return process->mmap({.length_bytes = pages * kPage, .prot = prot, .flags = flags}).value();
  }
  // A memfd of 50 pages and 100 bytes, all in memory, with 100 pages mapped of it.
  VirtAddr map_memfd(uint64_t prot, uint64_t flags) {
    const int fd = process->memfd_create("m", 0).value();
    std::vector<std::byte> bytes(50 * kPage + 100, std::byte{1});
    REQUIRE(process->pwrite(fd, {.outside = bytes}, 0).value() == bytes.size());
    return process->mmap({.length_bytes = 100 * kPage, .prot = prot, .flags = flags, .fd = fd})
        .value();
  }
  // The faults that `act` takes.
  template <class Act>
  uint64_t faults(Act act) {
    const FaultCounts before = process->faults();
    act();
    const FaultCounts taken = process->faults() - before;
    return taken.minor + taken.major;
  }
  Result<uint64_t> prctl(uint64_t option, const std::array<uint64_t, 4>& arguments = {}) {
    return process->prctl(option, arguments, {});
  }
};

// What mlock(2) of the first `pages` of a mapping answers, and its faults.
struct Locked {
  Result<void> answer;
  uint64_t faults = 0;
};
Locked lock(Trial& t, VirtAddr where, uint64_t pages, uint64_t flags = 0) {
  Locked locked;
  locked.faults = t.faults([&] { locked.answer = t.process->mlock2(where, pages * kPage, flags); });
  return locked;
}

TEST_CASE("mlock: faults in page by page, by write where memory is private and writable (D7)") {
  Trial t;
  for (const uint64_t prot : {kRw, abi::kPROT_READ, abi::kPROT_WRITE, abi::kPROT_EXEC}) {
    const VirtAddr where = t.map_anon(100, prot);
    CHECK(lock(t, where, 100).faults == 100);
    CHECK(lock(t, where, 100).faults == 0);
    REQUIRE(t.process->munlock(where, 100 * kPage).ok());
    CHECK(lock(t, where, 100).faults == 0);
    REQUIRE(t.process->munlock(where, 100 * kPage).ok());
  }
}

TEST_CASE("mlock: pages that map the zero page fault once more") {
  Trial t;
  const VirtAddr where = t.map_anon(100);
  std::byte byte;
  for (uint64_t i = 0; i < 50; ++i) t.process->load(where + i * kPage, {&byte, 1});
  CHECK(lock(t, where, 100).faults == 100);
}

TEST_CASE("mlock2: MLOCK_ONFAULT faults nothing in, nor does a later mprotect") {
  Trial t;
  const VirtAddr where = t.map_anon(100);
  CHECK(lock(t, where, 100, abi::kMLOCK_ONFAULT).faults == 0);
  REQUIRE(t.process->mprotect(where, 100 * kPage, abi::kPROT_READ).ok());
  CHECK(t.faults([&] { (void)t.process->mprotect(where, 100 * kPage, kRw); }) == 0);
  CHECK(lock(t, where, 100).faults == 100);
}

TEST_CASE("mlock: memory without rights is ENOMEM, and what lies before it is in") {
  Trial t;
  const VirtAddr where = t.map_anon(30);
  REQUIRE(t.process->mprotect(where + 10 * kPage, 10 * kPage, abi::kPROT_NONE).ok());
  const Locked locked = lock(t, where, 30);
  CHECK(locked.answer.error() == Errno::kENOMEM);
  CHECK(locked.faults == 10);
}

TEST_CASE("mlock: a page past the end of the file is ENOMEM, and what lies before it is in") {
  struct Row {
    uint64_t prot;
    uint64_t flags;
    uint64_t faults;
  };
  for (const Row& row : {Row{kRw, abi::kMAP_SHARED, 5}, Row{kRw, abi::kMAP_PRIVATE, 51},
                         Row{abi::kPROT_READ, abi::kMAP_PRIVATE, 4}}) {
    Trial t;
    const Locked locked = lock(t, t.map_memfd(row.prot, row.flags), 100);
    CHECK(locked.answer.error() == Errno::kENOMEM);
    // Fault-around depends on where the mapping lies.
    if (row.faults == 51) CHECK(locked.faults == 51);
    CHECK(locked.faults >= 4);
  }
}

TEST_CASE("mlock: without a frame to be had it is EAGAIN") {
  Trial t({.frames = 16, .policy = "lru"});
  const VirtAddr where = t.map_anon(64);
  CHECK(lock(t, where, 64).answer.error() == Errno::kEAGAIN);
}

TEST_CASE("mlockall: MCL_FUTURE locks and faults in what is mapped from then on") {
  Trial t;
  REQUIRE(t.process->mlockall(abi::kMCL_FUTURE).ok());
  CHECK(t.faults([&] { t.map_anon(10); }) == 10);
  CHECK(t.faults([&] { t.map_anon(10, kRw, abi::kMAP_DROPPABLE | abi::kMAP_ANONYMOUS); }) == 10);
  CHECK(t.faults([&] { t.map_anon(10, abi::kPROT_NONE); }) == 0);
  CHECK(t.faults([&] { t.map_anon(10, kRw, abi::kMAP_SHARED | abi::kMAP_ANONYMOUS); }) == 10);
  CHECK(t.faults([&] { (void)t.process->brk({0x60a000}); }) == 10);
  CHECK(t.faults([&] { (void)t.process->brk({0x600000}); }) == 0);
  REQUIRE(t.process->mlockall(abi::kMCL_FUTURE | abi::kMCL_ONFAULT).ok());
  CHECK(t.faults([&] { t.map_anon(10); }) == 0);
  CHECK(t.faults([&] { t.map_anon(10, kRw, kAnon | abi::kMAP_POPULATE); }) == 0);
  CHECK(t.faults([&] { t.map_anon(10, kRw, kAnon | abi::kMAP_LOCKED); }) == 0);
}

TEST_CASE("mlockall: MCL_CURRENT goes on behind memory that cannot be faulted in") {
  Trial t;
  const VirtAddr where = t.map_anon(30);
  REQUIRE(t.process->mprotect(where + 10 * kPage, 10 * kPage, abi::kPROT_NONE).ok());
  // All of it but the rightless part, and the stack's pages that are not there.
  CHECK(t.faults([&] { CHECK(t.process->mlockall(abi::kMCL_CURRENT).ok()); }) == 20 + 31);
  CHECK(t.process->munlockall().ok());
  CHECK(t.faults([&] { CHECK(t.process->mlockall(abi::kMCL_CURRENT).ok()); }) == 0);
}

TEST_CASE("prctl: PR_SET_THP_DISABLE is remembered with its flag") {
  Trial t;
  CHECK(t.prctl(abi::kPR_GET_THP_DISABLE).value() == 1);
  CHECK(t.process->status().value().ends_with("THP_enabled:\t0\n"));
  CHECK(t.prctl(abi::kPR_GET_THP_DISABLE, {1}).error() == Errno::kEINVAL);
  CHECK(t.prctl(abi::kPR_SET_THP_DISABLE, {1, 1}).error() == Errno::kEINVAL);
  CHECK(t.prctl(abi::kPR_SET_THP_DISABLE, {0, 2}).error() == Errno::kEINVAL);
  CHECK(t.prctl(abi::kPR_SET_THP_DISABLE, {1, 0, 1}).error() == Errno::kEINVAL);
  CHECK(t.prctl(abi::kPR_SET_THP_DISABLE, {1, 2}).value() == 0);
  CHECK(t.prctl(abi::kPR_GET_THP_DISABLE).value() == 3);
  CHECK(t.process->status().value().ends_with("THP_enabled:\t1\n"));
  CHECK(t.prctl(abi::kPR_SET_THP_DISABLE, {0}).value() == 0);
  CHECK(t.prctl(abi::kPR_GET_THP_DISABLE).value() == 0);
  CHECK(t.prctl(abi::kPR_SET_THP_DISABLE, {uint64_t{1} << 32}).value() == 0);
  CHECK(t.prctl(abi::kPR_GET_THP_DISABLE).value() == 1);
}

TEST_CASE("prctl: PR_SET_MDWE cannot be undone") {
  Trial t;
  CHECK(t.prctl(abi::kPR_GET_MDWE).value() == 0);
  CHECK(t.prctl(abi::kPR_GET_MDWE, {0, 0, 0, 1}).error() == Errno::kEINVAL);
  CHECK(t.prctl(abi::kPR_SET_MDWE, {0}).value() == 0);
  for (const uint64_t bits : {2u, 4u, 5u})
    CHECK(t.prctl(abi::kPR_SET_MDWE, {bits}).error() == Errno::kEINVAL);
  CHECK(t.prctl(abi::kPR_SET_MDWE, {1, 1}).error() == Errno::kEINVAL);
  CHECK(t.process->mmap({.length_bytes = kPage, .prot = 7, .flags = kAnon}).ok());
  CHECK(t.prctl(abi::kPR_SET_MDWE, {3}).value() == 0);
  CHECK(t.prctl(abi::kPR_SET_MDWE, {3}).value() == 0);
  CHECK(t.prctl(abi::kPR_SET_MDWE, {1}).error() == Errno::kEPERM);
  CHECK(t.prctl(abi::kPR_SET_MDWE, {0}).error() == Errno::kEPERM);
  CHECK(t.prctl(abi::kPR_GET_MDWE).value() == 3);
  CHECK(t.process->mmap({.length_bytes = kPage, .prot = 7, .flags = kAnon}).error() ==
        Errno::kEACCES);
}

TEST_CASE("prctl: PR_SET_VMA takes a name from the caller or from memory") {
  Trial t;
  const VirtAddr where = t.map_anon(4);
  const std::array<uint64_t, 4> whole{abi::kPR_SET_VMA_ANON_NAME, where.value, 4 * kPage, 0};
  const auto set = [&](std::string_view text) {
    return t.process->prctl(abi::kPR_SET_VMA, whole, text);
  };
  const auto path = [&] { return t.process->maps()[0].path; };
  CHECK(set("a name").value() == 0);
  CHECK(path() == "[anon:a name]");
  for (const char* bad : {"a\\b", "a`", "$", "[", "]", "\n", "\x7f"})
    CHECK(set(bad).error() == Errno::kEINVAL);
  CHECK(set(std::string(79, 'x')).ok());
  CHECK(set(std::string(80, 'x')).error() == Errno::kEINVAL);
  CHECK(set("").value() == 0);
  CHECK(path().empty());
  std::array<uint64_t, 4> from_memory = whole;
  from_memory[3] = (where + kPage - 2).value;
  const std::array text{std::byte{'h'}, std::byte{'i'}, std::byte{'!'}};
  REQUIRE(t.process->store(where + kPage - 2, text).bytes_done == 3);
  CHECK(t.prctl(abi::kPR_SET_VMA, from_memory).value() == 0);
  CHECK(path() == "[anon:hi!]");
  from_memory[3] = (where + 4 * kPage - 1).value;
  REQUIRE(t.process->store(where + 4 * kPage - 1, std::span(text).first(1)).bytes_done == 1);
  CHECK(t.prctl(abi::kPR_SET_VMA, from_memory).error() == Errno::kEFAULT);
  CHECK(t.prctl(abi::kPR_SET_VMA, {1, where.value, kPage, 0}).error() == Errno::kEINVAL);
}

TEST_CASE("prctl: an option that is not simulated says so") {
  Trial t;
  CHECK(t.prctl(15).error() == Errno::kENOSYS);
  CHECK(t.prctl(abi::kPR_GET_MDWE | uint64_t{1} << 32).value() == 0);  // the option is an int
}

TEST_CASE("personality: answers what it was, and READ_IMPLIES_EXEC works at once") {
  Trial t;
  CHECK(t.process->personality(0xffffffff).value() == abi::kADDR_NO_RANDOMIZE);
  CHECK(t.process->personality(~uint64_t{0}).value() == abi::kADDR_NO_RANDOMIZE);
  CHECK(t.process->personality(abi::kREAD_IMPLIES_EXEC).value() == abi::kADDR_NO_RANDOMIZE);
  CHECK(t.process->personality(0xffffffff).value() == abi::kREAD_IMPLIES_EXEC);
  const VirtAddr where = t.map_anon(1);
  CHECK(t.process->fetch(where, 1).bytes_done == 1);
  CHECK(t.process->personality(0).value() == abi::kREAD_IMPLIES_EXEC);
  CHECK(t.process->fetch(t.map_anon(1), 1).bytes_done == 0);
}

TEST_CASE("setrlimit, personality: each process has its own, also in one address space") {
  Trial t;
  Process& child = *t.process->clone(abi::kCLONE_VM | abi::kSIGCHLD).value();
  const VirtAddr where = t.map_anon(8);
  REQUIRE(child.setrlimit(abi::kRLIMIT_MEMLOCK, 2 * kPage).ok());
  CHECK(t.process->mlock(where, 4 * kPage).ok());
  CHECK(child.mlock(where + 4 * kPage, kPage).error() == Errno::kENOMEM);
  CHECK(child.setrlimit(abi::kRLIMIT_STACK, 64 * kPage).ok());
  const std::byte byte{};
  CHECK(child.store({0x7fffff800000}, {&byte, 1}).signal.has_value());
  CHECK(t.process->store({0x7fffff800000}, {&byte, 1}).bytes_done == 1);
  CHECK(child.personality(abi::kREAD_IMPLIES_EXEC).ok());
  CHECK(t.process->fetch(t.map_anon(1), 1).bytes_done == 0);
  Process& grandchild = *child.clone(abi::kSIGCHLD).value();
  CHECK(grandchild.personality(0xffffffff).value() == abi::kREAD_IMPLIES_EXEC);
  CHECK(grandchild.mlock(where, 4 * kPage).error() == Errno::kENOMEM);
  CHECK(grandchild.mlock(where, 2 * kPage).ok());
}

TEST_CASE("sysctl: vm.overcommit_memory 2 counts all processes together") {
  Trial t;
  Process& other = t.machine->start_process();
  REQUIRE(t.machine->sysctl("vm.overcommit_memory", 2).ok());
  // Half of 24 GiB is the limit; 8 MiB are root's, 128 MiB or a thirty-second the user's.
  const auto map = [](Process& process, uint64_t megabytes) {
    return process.mmap({.length_bytes = megabytes << 20, .prot = kRw, .flags = kAnon});
  };
  CHECK(map(other, 12 << 10).error() == Errno::kENOMEM);
  REQUIRE(map(other, 6 << 10).ok());
  CHECK(map(*t.process, 6 << 10).error() == Errno::kENOMEM);
  const Result<VirtAddr> most = map(*t.process, (6 << 10) - 9);
  REQUIRE(most.ok());
  CHECK(map(*t.process, 64).error() == Errno::kENOMEM);
  other.exit(0);
  CHECK(map(*t.process, 64).ok());
  REQUIRE(t.process->munmap(*most, uint64_t{6} << 30).ok());
  REQUIRE(t.machine->sysctl("vm.overcommit_kbytes", 4 << 20).ok());
  CHECK(map(*t.process, 4 << 10).error() == Errno::kENOMEM);
  REQUIRE(t.machine->sysctl("vm.overcommit_ratio", 100).ok());
  CHECK(map(*t.process, 20 << 10).ok());
  REQUIRE(t.machine->sysctl("vm.overcommit_memory", 1).ok());
  CHECK(map(*t.process, 1 << 20).ok());
}

TEST_CASE("sysctl: vm.max_map_count holds for living processes and for those to come") {
  Trial t;
  REQUIRE(t.machine->sysctl("vm.max_map_count", 1).ok());
  Process& other = t.machine->start_process();
  for (Process* process : {t.process, &other}) {
    const auto map = [&](uint64_t at) {
      return process->mmap({.address = {at}, .length_bytes = kPage, .flags = kAnon});
    };
    CHECK(map(0x10000000).ok());  // the stack is the other
    CHECK(map(0x20000000).error() == Errno::kENOMEM);
  }
}

TEST_CASE("sysctl: names and values that Linux would not take") {
  Trial t;
  CHECK(t.machine->sysctl("vm.nonsense", 1).error() == Errno::kENOENT);
  CHECK(t.machine->sysctl("", 1).error() == Errno::kENOENT);
  for (const char* name : {"vm.dirty_ratio", "vm.dirty_background_ratio"}) {
    CHECK(t.machine->sysctl(name, 100).ok());
    CHECK(t.machine->sysctl(name, 101).error() == Errno::kEINVAL);
  }
  CHECK(t.machine->sysctl("vm.overcommit_memory", 3).error() == Errno::kEINVAL);
  CHECK(t.machine->sysctl("vm.max_map_count", uint64_t{1} << 31).error() == Errno::kEINVAL);
  CHECK(t.machine->sysctl("vm.overcommit_ratio", uint64_t{1} << 31).error() == Errno::kEINVAL);
  CHECK(t.machine->sysctl("vm.dirty_bytes", 8191).error() == Errno::kEINVAL);
  CHECK(t.machine->sysctl("vm.dirty_background_bytes", 0).error() == Errno::kEINVAL);
  CHECK(t.machine->sysctl("vm.dirty_expire_centisecs", 100).ok());
  CHECK(t.machine->sysctl("vm.dirty_writeback_centisecs", 0).ok());
}

}  // namespace
}  // namespace faultline
