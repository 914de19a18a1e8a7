// What a run prints without --json.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/scenario/support.h"

namespace faultline::scenario::testing {
namespace {

struct TranscriptRun : Run {
  TranscriptRun() { options.output = ScenarioOutput::kTranscript; }
};

TEST_CASE("transcript: the example of the product page") {
  TranscriptRun run;
  run.machine.answer_next({.value = 0x7ffff7fef000});
  run.machine.answer_next({.value = 8, .faults = {1, 0}});
  run.machine.answer_next({.signal = SigInfo{SignalCode::kSegvMapErr, {0x7ffff7fee000}}});
  run.machine.answer_next({.error = Errno::kEINVAL});
  run.machine.answer_next({.error = Errno::kEINVAL});
  CHECK(run("p = mmap(NULL, 64K, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
            "    store(p, 8, 0x41)                      = 8\n"
            "    load(p - 4K, 8)\n"
            "    munmap(p + 1, 4K)                      = -1 EINVAL\n"
            "\n\n"
            "    munmap(p + 1, 4K)                      = 0\n") ==
        Text{"mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = "
             "0x7ffff7fef000",
             "store(0x7ffff7fef000, 8, 65) = 8  <minor 1>",
             "load(0x7ffff7fee000, 8) = 0  SIGSEGV SEGV_MAPERR 0x7ffff7fee000",
             "munmap(0x7ffff7fef001, 4096) = -1 EINVAL (Invalid argument)",
             "munmap(0x7ffff7fef001, 4096) = -1 EINVAL (Invalid argument)",
             "t.scn:7: expected 0, got -1 EINVAL"});
}

struct Row {
  const char* statement;
  const char* printed;
};

TEST_CASE("transcript: arguments as strace prints them") {
  const Row rows[] = {
      {"mmap(4K, -4K, PROT_NONE, MAP_SHARED|MAP_FIXED, 3, 8K)",
       "mmap(0x1000, 18446744073709547520, PROT_NONE, MAP_SHARED|MAP_FIXED, 3, 0x2000)"},
      {"mmap(0, 1, 0x107, 0, -1, 0)",
       "mmap(NULL, 1, PROT_READ|PROT_WRITE|PROT_EXEC|0x100, 0, -1, 0)"},
      {"mmap(0, 1, PROT_READ|PROT_GROWSDOWN, 4|MAP_ANON, -1, 0)",
       "mmap(NULL, 1, PROT_READ|PROT_GROWSDOWN, MAP_ANONYMOUS|0x4, -1, 0)"},
      {"mmap(0, 1, 0, MAP_PRIVATE|MAP_POPULATE|MAP_NORESERVE|0x80000000, -1, 0)",
       "mmap(NULL, 1, PROT_NONE, MAP_PRIVATE|MAP_NORESERVE|MAP_POPULATE|0x80000000, -1, 0)"},
      {"mmap(0, 1, 0, MAP_SHARED_VALIDATE|MAP_SYNC, -1, 0)",
       "mmap(NULL, 1, PROT_NONE, MAP_SHARED_VALIDATE|MAP_SYNC, -1, 0)"},
      {"msync(4K, 4K, MS_SYNC|MS_INVALIDATE)", "msync(0x1000, 4096, MS_INVALIDATE|MS_SYNC)"},
      {"msync(4K, 4K, 0)", "msync(0x1000, 4096, 0)"},
      {"msync(4K, 4K, 9)", "msync(0x1000, 4096, MS_ASYNC|0x8)"},
      {"open(\"/f\", O_RDONLY)", "open(\"/f\", O_RDONLY)"},
      {"open(\"/f\", O_RDWR|O_CREAT|O_TRUNC, 0644)", "open(\"/f\", O_RDWR|O_CREAT|O_TRUNC, 0644)"},
      {"open(\"/f\", O_WRONLY|O_SYNC)", "open(\"/f\", O_WRONLY|O_SYNC)"},
      {"open(\"/f\", O_WRONLY|O_DSYNC)", "open(\"/f\", O_WRONLY|O_DSYNC)"},
      {"open(\"/f\", 3|O_CREAT, 0)", "open(\"/f\", O_CREAT|0x3, 0000)"},
      {"openat(AT_FDCWD, \"/f\", 0)", "openat(AT_FDCWD, \"/f\", O_RDONLY)"},
      {"lseek(3, -5, SEEK_END)", "lseek(3, -5, SEEK_END)"},
      {"lseek(3, 5, 9)", "lseek(3, 5, 9)"},
      {"setrlimit(RLIMIT_STACK, RLIM_INFINITY)", "setrlimit(RLIMIT_STACK, RLIM_INFINITY)"},
      {"setrlimit(99, 8M)", "setrlimit(99, 8388608)"},
      {"pread64(3, _, 16, 4K)", "pread64(3, _, 16, 4096)"},
      {"write(3, \"a\\\"b\\\\\\n\\t\\x01\\xff\", 8)",
       "write(3, \"a\\\"b\\\\\\n\\t\\001\\377\", 8)"},
      {"store(4K, \"hi\")", "store(0x1000, \"hi\")"},
      {"store(0, 2, -1)", "store(NULL, 2, -1)"},
      {"read(3, 4K, 7)", "read(3, 0x1000, 7)"},
      {"create(\"/f\", 4K, 3)", "create(\"/f\", 4096, 3)"},
      {"brk(0)", "brk(NULL)"},
      {"maps()", "maps()"},
      {"exit(1)", "exit(1)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.statement);
    TranscriptRun run;
    const Text lines = run(row.statement);
    CHECK(run.error == "");
    REQUIRE(!lines.empty());
    CHECK(lines.front().substr(0, lines.front().find(" = ")) == row.printed);
  }
}

TEST_CASE("transcript: answers of each form") {
  TranscriptRun run;
  CHECK(
      run("exit(0)\ndup(5)\nbrk(0x601000)\nlseek(3, -1, 0)\n") ==
      Text{"exit(0) = ?", "dup(5) = 3", "brk(0x601000) = 0x601000", "lseek(3, -1, SEEK_SET) = -1"});
}

TEST_CASE("transcript: faults that came are named, those that did not are not") {
  TranscriptRun run;
  run.machine.answer_next({.value = 1, .faults = {0, 2}});
  run.machine.answer_next({.value = 1, .faults = {3, 4}});
  run.machine.answer_next({.value = 1});
  run.machine.answer_next(
      {.value = 1, .signal = SigInfo{SignalCode::kBusAdrErr, {0x1001}}, .faults = {1, 0}});
  CHECK(run("load(4K, 1)\nload(4K, 1)\nload(4K, 1)\nload(4K, 2)\n") ==
        Text{"load(0x1000, 1) = 1  <major 2>", "load(0x1000, 1) = 1  <minor 3, major 4>",
             "load(0x1000, 1) = 1", "load(0x1000, 2) = 1  SIGBUS BUS_ADRERR 0x1001  <minor 1>"});
}

TEST_CASE("transcript: maps prints the kernel's own lines") {
  TranscriptRun run;
  MapsLine stack{.range = {{0x7ffffffde000}, {0x7ffffffff000}}, .path = "[stack]"};
  std::copy_n("rw-p", 5, stack.permissions);
  run.machine.state().maps = {stack};
  CHECK(run("maps()\n") ==
        Text{"maps() = 0",
             "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]"});
}

TEST_CASE("transcript: a failed expectation says what came, in the words of the language") {
  TranscriptRun run;
  run.machine.answer_next({.value = 0x7000});
  run.machine.answer_next({.value = 3, .signal = SigInfo{SignalCode::kSegvAccErr, {0x1003}}});
  run.machine.answer_next({.value = 9});
  CHECK(run("mmap(0, 0, 0, 0, 0, 0) = -1 EINVAL\nstore(4K, \"hello\") = 5\nlseek(3, 9, 0) = 8\n"
            "exit(0) = 0\n") == Text{"mmap(NULL, 0, PROT_NONE, 0, 0, 0) = 0x7000",
                                     "t.scn:1: expected -1 EINVAL, got 0x7000",
                                     "store(0x1000, \"hello\") = 3  SIGSEGV SEGV_ACCERR 0x1003",
                                     "t.scn:2: expected 5, got 3 SIGSEGV SEGV_ACCERR 0x1003",
                                     "lseek(3, 9, SEEK_SET) = 9", "t.scn:3: expected 8, got 9",
                                     "exit(0) = ?", "t.scn:4: expected 0, got ?"});
}

}  // namespace
}  // namespace faultline::scenario::testing
