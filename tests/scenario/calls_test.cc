// What each call asks of the machine, from the arguments of the line.
#include "sim/scenario/calls.h"

#include <doctest/doctest.h>

#include <span>
#include <string>

#include "tests/scenario/support.h"

namespace faultline::scenario::testing {
namespace {

struct Row {
  const char* statement;
  const char* asked;  // of the fake machine
};

void check_asked(std::span<const Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.statement);
    Run run;
    run(row.statement);
    CHECK(run.error == "");
    REQUIRE(run.machine.state().calls.size() >= 2);
    CHECK(run.machine.state().calls[1] == std::string(row.asked));
  }
}

TEST_CASE("calls: mappings and descriptors, with the arguments in C's order") {
  const Row rows[] = {
      {"mmap(4K, 8K, PROT_READ, MAP_SHARED, 5, 16K)", "mmap(0x1000, 8192, 1, 0x1, 5, 16384)"},
      {"mmap(NULL, 1, -1, -1, -1, 0)",
       "mmap(0x0, 1, 18446744073709551615, 0xffffffffffffffff, -1, 0)"},
      {"mmap(NULL, 1, 0, 0, 0xffffffff, 0)", "mmap(0x0, 1, 0, 0x0, -1, 0)"},
      {"munmap(4K, 8K)", "munmap(0x1000, 8192)"},
      {"mprotect(4K, 8K, PROT_READ|PROT_EXEC)", "mprotect(0x1000, 8192, 5)"},
      {"msync(4K, 8K, MS_SYNC)", "msync(0x1000, 8192, 4)"},
      {"brk(0x601000)", "brk(0x601000)"},
      {"setrlimit(RLIMIT_AS, 1G)", "setrlimit(9, 1073741824)"},
      {"setrlimit(RLIMIT_MEMLOCK, RLIM_INFINITY)", "setrlimit(8, 18446744073709551615)"},
      {"open(\"/f\", O_RDWR)", "open(/f, 0x2, 0)"},
      {"open(\"/f\", O_RDWR|O_CREAT, 0644)", "open(/f, 0x42, 644)"},
      {"open(\"/f\", O_RDONLY, 0644)", "open(/f, 0x0, 644)"},
      {"openat(AT_FDCWD, \"f\", O_RDONLY)", "open(f, 0x0, 0)"},
      {"openat(7, \"/f\", O_CREAT, 0600)", "open(/f, 0x40, 600)"},
      {"creat(\"/f\", 0640)", "open(/f, 0x241, 640)"},
      {"memfd_create(\"m\", MFD_CLOEXEC)", "memfd_create(m, 1)"},
      {"close(3)", "close(3)"},
      {"close(-1)", "close(-1)"},
      {"dup(3)", "dup(3)"},
      {"dup2(3, 9)", "dup2(3, 9)"},
  };
  check_asked(rows);
}

TEST_CASE("calls: transfers, files and accesses, with the arguments in C's order") {
  const Row rows[] = {
      {"read(3, 4K, 100)", "read(3, 0x1000, 100)"},
      {"read(3, _, 4)", "read(3, 00000000)"},
      {"write(3, \"abc\", 3)", "write(3, 616263)"},
      {"write(3, \"abc\", 2)", "write(3, 6162)"},
      {"write(3, \"abc\", 6)", "write(3, 616263000000)"},
      {"write(3, _, 2)", "write(3, 0000)"},
      {"write(3, \"\", 0)", "write(3, 0x0, 0)"},
      {"write(3, 4K, 100)", "write(3, 0x1000, 100)"},
      {"pread64(3, _, 4, 8K)", "pread(3, 00000000, 8192)"},
      {"pread64(3, 4K, 4, 8K)", "pread(3, 0x1000, 4, 8192)"},
      {"pwrite64(3, \"\\x41\\0\", 2, 5)", "pwrite(3, 4100, 5)"},
      {"pwrite64(3, 4K, 4, -1)", "pwrite(3, 0x1000, 4, 18446744073709551615)"},
      {"lseek(3, -5, SEEK_END)", "lseek(3, 18446744073709551611, 2)"},
      {"ftruncate(3, 150K)", "ftruncate(3, 153600)"},
      {"truncate(\"/f\", 5)", "truncate(/f, 5)"},
      {"fsync(3)", "fsync(3)"},
      {"fdatasync(3)", "fdatasync(3)"},
      {"unlink(\"/f\")", "unlink(/f)"},
      {"rename(\"/f\", \"/g\")", "rename(/f, /g)"},
      {"create(\"/f\", 4K)", "create_file(/f, 4096, 0)"},
      {"create(\"/f\", 4K, 7)", "create_file(/f, 4096, 7)"},
      {"load(4K, 8)", "load(0x1000, 8)"},
      {"store(4K, 3, 0x41)", "store(0x1000, 414141)"},
      {"store(4K, 2, 0x1ff)", "store(0x1000, ffff)"},
      {"store(4K, \"hello\")", "store(0x1000, 68656c6c6f)"},
      {"store(4K, \"a\\n\\0\\\"#\")", "store(0x1000, 610a002223)"},
      {"fetch(4K, 8)", "fetch(0x1000, 8)"},
      {"peek(4K, 8)", "peek(0x1000, 8)"},
      {"poke(4K, 4, 7)", "poke(0x1000, 4, 7)"},
      {"xadd(4K, 2, -1)", "xadd(0x1000, 2, 18446744073709551615)"},
      {"exit(3)", "exit(3)"},
      {"exit_group(4)", "exit(4)"},
  };
  check_asked(rows);
}

// Every call of the contract, whether it is simulated or not.
constexpr const char* kAllNames =
    "mmap munmap mprotect mremap msync madvise mincore mlock mlock2 munlock mlockall munlockall "
    "mseal remap_file_pages brk open openat creat close read write pread64 pwrite64 readv writev "
    "lseek ftruncate truncate fallocate fsync fdatasync sync_file_range sync posix_fadvise "
    "fadvise64 unlink rename dup dup2 memfd_create fork vfork clone clone3 execve exit exit_group "
    "wait4 kill prctl setrlimit prlimit64 personality userfaultfd shmget shmat shmdt load store "
    "fetch peek poke xadd create maps smaps pagemap status sleep sigkill powerfail inject sysctl ";

TEST_CASE("calls: all that the language knows are in the table, in its order") {
  std::string names;
  for (const Call& call : all_calls()) names += std::string(call.name) + ' ';
  CHECK(names == kAllNames);
}

TEST_CASE("calls: those that are not simulated yet say so, whatever their arguments") {
  for (const Call& call : all_calls()) {
    if (call.run != nullptr) continue;
    CHECK(parse_verdict(std::string(call.name) + "(1, MADV_DONTNEED)") ==
          "t.scn:1:1: call not simulated yet: " + std::string(call.name));
  }
}

TEST_CASE("calls: too few and too many arguments are noticed for each") {
  for (const Call& call : all_calls()) {
    if (call.run == nullptr) continue;
    std::string arguments;
    for (size_t i = 0; i < call.arguments_max; ++i) {
      const bool text = call.arguments[i] == ArgumentKind::kPath;
      arguments += std::string(i == 0 ? "" : ", ") + (text ? "\"/f\"" : "1");
    }
    const std::string name(call.name);
    CAPTURE(name);
    CHECK(parse_verdict(name + "(" + arguments + ")") == "ok");
    const std::string more = arguments + (call.arguments_max == 0 ? "1" : ", 1");
    CHECK(parse_verdict(name + "(" + more + ")").find(name + " takes") != std::string::npos);
    if (call.arguments_min != 0) {
      CHECK(parse_verdict(name + "()").find(name + " takes") != std::string::npos);
    }
  }
}

TEST_CASE("calls: O_CREAT needs a mode, and nothing is done without it") {
  Run run;
  run("open(\"/f\", O_RDWR|O_CREAT)\n");
  CHECK(run.error == "t.scn:1:12: O_CREAT needs a mode behind the flags");
  CHECK(run.machine.state().calls == Text{"start_process()"});
}

TEST_CASE("calls: one access is of 1, 2, 4 or 8 bytes") {
  for (const char* size : {"0", "3", "5", "7", "9", "16", "-1"}) {
    Run run;
    run(std::string("peek(4K, ") + size + ")\n");
    CHECK(run.error == "t.scn:1:10: the size must be 1, 2, 4 or 8");
    run(std::string("poke(4K, ") + size + ", 1)\n");
    CHECK(run.error == "t.scn:1:10: the size must be 1, 2, 4 or 8");
    run(std::string("xadd(4K, ") + size + ", 1)\n");
    CHECK(run.error == "t.scn:1:10: the size must be 1, 2, 4 or 8");
  }
}

TEST_CASE("calls: a path relative to a descriptor is refused, not misread") {
  Run run;
  run("openat(5, \"f\", O_RDONLY)\n");
  CHECK(run.error == "t.scn:1:8: a path relative to a descriptor is not simulated yet");
}

TEST_CASE("calls: long accesses go in pieces and end at the first that is cut short") {
  Run run;
  auto& state = run.machine.state();
  run.machine.answer_next({.value = 65536, .faults = {16, 0}});
  run.machine.answer_next({.value = 65536, .faults = {0, 2}});
  run.machine.answer_next(
      {.value = 5, .signal = SigInfo{SignalCode::kBusAdrErr, {0x21005}}, .faults = {1, 1}});
  CHECK(run("store(4K, 1G, 1)\n") ==
        Text{R"({"line":1,"pid":1,"call":"store","ret":131077,"minflt":17,"majflt":3,)"
             R"("signal":{"signo":"SIGBUS","code":"BUS_ADRERR","addr":"0x21005"}})"});
  CHECK(state.calls == Text{"start_process()", "store(0x1000, 65536 bytes)",
                            "store(0x11000, 65536 bytes)", "store(0x21000, 65536 bytes)"});
}

TEST_CASE("calls: a load keeps its first 64 bytes, a short one what it has") {
  Run run;
  for (int i = 0; i < 100; ++i) run.machine.state().read_bytes.push_back(std::byte(i));
  std::string first;
  for (int i = 0; i < 64; ++i) {
    first += "0123456789abcdef"[i / 16];
    first += "0123456789abcdef"[i % 16];
  }
  CHECK(run("load(4K, 100000)\n") ==
        Text{R"({"line":1,"pid":1,"call":"load","ret":100000,"minflt":0,"majflt":0,"data":")" +
             first + "\"}"});
  run.machine.answer_next({.value = 2, .signal = SigInfo{SignalCode::kSegvMapErr, {0x1002}}});
  CHECK(run("load(4K, 9)\n") ==
        Text{R"({"line":1,"pid":1,"call":"load","ret":2,"minflt":0,"majflt":0,"data":"0001",)"
             R"("signal":{"signo":"SIGSEGV","code":"SEGV_MAPERR","addr":"0x1002"}})"});
}

TEST_CASE("calls: a load of nothing asks nothing of memory") {
  Run run;
  CHECK(run("load(0, 0)\nstore(0, \"\")\nfetch(0, 0)\n").size() == 3);
  CHECK(run.machine.state().calls == Text{"start_process()"});
}

TEST_CASE("calls: a transfer longer than Linux allows is cut, one of no sane length is passed on") {
  Run run;
  run.machine.answer_next({.error = Errno::kEFAULT});
  run.machine.answer_next({.error = Errno::kEFAULT});
  run("write(3, 4K, -1)\nread(3, _, -1)\n");
  CHECK(run.machine.state().calls.at(1) == "write(3, 0x1000, 18446744073709551615)");
  CHECK(run.machine.state().calls.at(2) == "read(3, 0x0, 18446744073709551615)");
  CHECK(run("read(3, _, 4G)\n").size() == 1);
  CHECK(run.machine.state().calls.back() == "read(3, 2147479552 bytes)");
}

TEST_CASE("calls: what read puts into the process is looked at without counting its faults") {
  Run run;
  for (const char c : {'a', 'b', 'c'}) run.machine.state().read_bytes.push_back(std::byte(c));
  run.machine.answer_next({.value = 3, .faults = {1, 0}});
  CHECK(run("read(3, 4K, 10)\n") ==
        Text{R"({"line":1,"pid":1,"call":"read","ret":3,"minflt":1,"majflt":0,"data":"616263"})"});
  CHECK(run.machine.state().calls ==
        Text{"start_process()", "read(3, 0x1000, 10)", "load(0x1000, 3)"});
}

}  // namespace
}  // namespace faultline::scenario::testing
