#include "sim/record/lackey_log.h"

#include <doctest/doctest.h>

#include <string>

namespace faultline::record {
namespace {

struct TextSink : public TraceSink {
  bool take(const TraceBlock& block) override {
    for (const Access& access : block.accesses) {
      text += std::to_string(block.task.tid) + "FLSM"[int(access.kind)];
      text += access.by == AccessBy::kKernel ? "k " : " ";
    }
    if (block.call != nullptr) {
      text += std::to_string(block.call->task.tid) + "." + trace_call_name(block.call->kind) + " ";
      last_call = *block.call;
    }
    return true;
  }
  std::string text{};
  TraceCall last_call{};
};

// A log as Valgrind writes it, and what it comes to; it ends in the call that is of interest.
struct Taken {
  TextSink sink{};
  bool began = false;
  unsigned forks = 0;
  std::string left_for{};
};
Taken take(const std::string& text) {
  Taken taken;
  LackeyLog log(taken.sink, 100, "/bin/sh", [] {
    return std::vector<MapsLine>{{.range = {{4096}, {8192}}, .path = "[stack]"}};
  });
  CHECK(log.take(text) == text.size());
  log.finish(0);
  taken.began = log.began();
  taken.forks = log.forks();
  taken.left_for = log.left_for();
  return taken;
}

constexpr char kBegin[] = "--100--   SCHED[1]: entering VG_(scheduler)\n";

TEST_CASE("LackeyLog: accesses, behind the image of the program") {
  const Taken taken = take(std::string("==100== Lackey, an example Valgrind tool\n") + kBegin +
                           "I  0401ab70,3\n S 1fff000708,8\n L 1fff000708,8\n M 04032ba0,4\n");
  CHECK(taken.began);
  CHECK(taken.sink.text == "100.exec 100F 100S 100L 100M 100.exit ");
}

TEST_CASE("LackeyLog: a program that never began") {
  const Taken taken = take("valgrind: no-such: command not found\n");
  CHECK_FALSE(taken.began);
  CHECK(taken.sink.text.empty());
}

TEST_CASE("LackeyLog: a mapping of a file, by the call that opened it") {
  const Taken taken =
      take(std::string(kBegin) +
           "SYSCALL[100,1](257) sys_openat ( 4294967196, 0x4835540(/proc/self/stat), 524288 ) --> "
           "[async] ... \n"
           "SYSCALL[100,1](257) ... [async] --> Success(0x4) \n"
           "SYSCALL[100,1](3) sys_close ( 3 )[sync] --> Success(0x0) \n"
           "SYSCALL[100,1](32) sys_dup ( 4 )[sync] --> Success(0x5) \n"
           "SYSCALL[100,1](9) sys_mmap ( 0x0, 8192, 3, 2, 5, 4096 ) --> [pre-success] "
           "Success(0x4835000) \n"
           "SYSCALL[100,1](231) exit_group( 5 ) --> [pre-success] Success(0x0) \n"
           "I  0401ab70,3\n");
  CHECK(taken.sink.text == "100.exec 100.mmap 100.exit ");
  CHECK(taken.sink.last_call.arguments[0] == 5);
}

TEST_CASE("LackeyLog: the arguments and results of mapping calls") {
  struct Row {
    const char* line;
    TraceCallKind kind;
    std::array<uint64_t, 6> arguments;
    int64_t result;
  };
  const Row rows[] = {
      {"(9) sys_mmap ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x4835000) ",
       TraceCallKind::kMmap,
       {0, 8192, 3, 34, 4294967295, 0},
       0x4835000},
      {"(11) sys_munmap ( 0x483c000, 43487 )[sync] --> Success(0x0) ",
       TraceCallKind::kMunmap,
       {0x483c000, 43487},
       0},
      {"(10) sys_mprotect ( 0x4a16000, 16384, 1 )[sync] --> Failure(0xc) ",
       TraceCallKind::kMprotect,
       {0x4a16000, 16384, 1},
       -12},
      {"(25) sys_mremap ( 0x522d000, 1052672, 4198400, 0x1 ) --> [pre-success] Success(0x532e000) ",
       TraceCallKind::kMremap,
       {0x522d000, 1052672, 4198400, 1},
       0x532e000},
      {"(12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035000) ",
       TraceCallKind::kBrk,
       {},
       0x4035000},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    TextSink sink;
    LackeyLog log(sink, 100, "/bin/sh", [] { return std::vector<MapsLine>{}; });
    log.take(std::string(kBegin) + "SYSCALL[100,1]" + row.line + "\n");
    CHECK(sink.last_call.kind == row.kind);
    CHECK(sink.last_call.arguments == row.arguments);
    CHECK(sink.last_call.result == row.result);
  }
}

TEST_CASE("LackeyLog: threads, which the scheduler's notes tell apart") {
  const Taken taken = take(
      std::string(kBegin) +
      " L 1000,8\n"
      "SYSCALL[100,1](56) sys_clone ( 3d0f00, 0x522bf70, 0x522c990, 0x522c990, 0x522c6c0 ) --> "
      "[pre-success] Success(0x65) --100--   SCHED[1]: releasing lock (VG_(vg_yield)) -> "
      "VgTs_Yielding\n"
      "--100--   SCHED[2]:  acquired lock (thread_wrapper(starting new thread))\n"
      " S 2000,8\n"
      "--100--   SCHED[1]:  acquired lock (VG_(vg_yield))\n"
      " L 1000,8\n"
      "--100--   SCHED[2]:  acquired lock (x)\n"
      "SYSCALL[100,2](60) exit( 0 ) --> [pre-success] Success(0x0) \n"
      "--100--   SCHED[1]:  acquired lock (x)\n"
      "SYSCALL[100,1](60) exit( 0 ) --> [pre-success] Success(0x0) \n");
  CHECK(taken.sink.text == "100.exec 100L 100.thread 101S 100L 101.thread_exit 100.exit ");
}

TEST_CASE("LackeyLog: a fork whose answer is on the next line, and the child's end") {
  const Taken taken = take(
      std::string(kBegin) +
      "SYSCALL[100,1](56) sys_clone ( 1200011, 0x0, 0x0, 0x4a29a10, 0x0 )   clone(fork): process "
      "100 created child 102\n"
      " --> [pre-success] Success(0x66) --100--   SCHED[1]: releasing lock (VG_(vg_yield)) -> x\n"
      "SYSCALL[100,1](61) sys_wait4 ( 4294967295, 0x0, 0, 0x0 ) --> [async] ... \n"
      "SYSCALL[100,1](61) ... [async] --> Success(0x66) \n");
  CHECK(taken.sink.text == "100.exec 100.fork 102.exit 100.exit ");
  CHECK(taken.forks == 1);
}

TEST_CASE("LackeyLog: the kernel's accesses to buffers") {
  const Taken taken =
      take(std::string(kBegin) +
           "SYSCALL[100,1](0) sys_read ( 3, 0x1000, 8192 ) --> [async] ... \n"
           "SYSCALL[100,1](0) ... [async] --> Success(0x1001) \n"
           "SYSCALL[100,1](1) sys_write ( 1, 0x40352a0, 3 ) --> [async] ... \n"
           "SYSCALL[100,1](1) ... [async] --> Success(0x3) \n"
           "SYSCALL[100,1](0) sys_read ( 3, 0x1000, 8192 )[sync] --> Failure(0x9) \n");
  CHECK(taken.sink.text == "100.exec 100Sk 100Sk 100Lk 100.exit ");
}

TEST_CASE("LackeyLog: a program that executes another in its place") {
  const Taken taken =
      take(std::string(kBegin) +
           "SYSCALL[100,1](59) sys_execve ( 0x4a2e040(/bin/true), 0x1, 0x2 ) --> [pre-fail] "
           "Failure(0x2) \n");
  CHECK(taken.left_for.empty());
}

TEST_CASE("LackeyLog: a line that is not whole is left for later") {
  TextSink sink;
  LackeyLog log(sink, 100, "/bin/sh", [] { return std::vector<MapsLine>{}; });
  CHECK(log.take("I  0401ab70,3\nI  0401a") == 14);
}

TEST_CASE("LackeyCall: strings may hold anything") {
  const auto call = parse_lackey_call(
      "SYSCALL[1,1](257) sys_openat ( 4294967196, 0x4835540(/a), (b, c)), 524288 ) --> [async] "
      "... ");
  REQUIRE(call.has_value());
  CHECK(call->path == "/a), (b, c)");
  CHECK(call->argument(2) == 524288);
  CHECK_FALSE(call->result.has_value());
  const auto alone =
      parse_lackey_call("SYSCALL[1,1](80) sys_chdir ( 0x4835540(/a (b)) )[sync] --> Success(0x0) ");
  REQUIRE(alone.has_value());
  CHECK(alone->path == "/a (b)");
  CHECK(alone->result == 0);
}

TEST_CASE("LackeyCall: lines that are none") {
  for (const char* line :
       {"", "SYSCALL", "SYSCALL[1](9) sys_mmap ( 0x0 )", "SYSCALL[1,x](9) sys_mmap ( 0x0 )",
        "I  0401ab70,3", "SYSCALL[1,1](9 sys_mmap ( 0x0 )", "SYSCALL[1,1](335) unimplemented"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_lackey_call(line).has_value());
  }
}

}  // namespace
}  // namespace faultline::record
