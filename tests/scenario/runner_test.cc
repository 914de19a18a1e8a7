// How a scenario runs: expectations, names, processes, where it stops.
#include <doctest/doctest.h>

#include <string>

#include "faultline/machine.h"
#include "tests/scenario/support.h"

namespace faultline::scenario::testing {
namespace {

using faultline::testing::FakeAnswer;

constexpr SigInfo kMapErr{SignalCode::kSegvMapErr, {0x1003}};

struct Row {
  const char* expected;
  FakeAnswer answer;
  bool met;
};

bool load_is_met(const Row& row) {
  Run run;
  run.machine.answer_next(row.answer);
  run(std::string("load(4K, 8) = ") + row.expected + "\n");
  CHECK(run.error == "");
  return run.report.failed_expectations == 0;
}

TEST_CASE("expectations: of accesses") {
  const FakeAnswer done{.value = 8};
  const FakeAnswer cut{.value = 3, .signal = kMapErr};
  const FakeAnswer bus{.value = 3, .signal = SigInfo{SignalCode::kBusAdrErr, {0x1003}}};
  const FakeAnswer kernel{.value = 0, .signal = SigInfo{SignalCode::kSiKernel, {}}};
  const Row rows[] = {
      {"8", done, true},
      {"4 + 4", done, true},
      {"7", done, false},
      {"?", done, true},
      {"SIGSEGV SEGV_MAPERR", done, false},
      {"3", cut, false},  // a number alone also expects that no signal came
      {"?", cut, true},
      {"SIGSEGV SEGV_MAPERR", cut, true},
      {"SIGSEGV SEGV_ACCERR", cut, false},
      {"SIGSEGV SI_KERNEL", cut, false},
      {"SIGBUS BUS_ADRERR", cut, false},
      {"3 SIGSEGV SEGV_MAPERR", cut, true},
      {"4 SIGSEGV SEGV_MAPERR", cut, false},
      {"SIGSEGV SEGV_MAPERR 0x1003", cut, true},
      {"SIGSEGV SEGV_MAPERR 4K+3", cut, true},
      {"SIGSEGV SEGV_MAPERR 0x1004", cut, false},
      {"3 SIGSEGV SEGV_MAPERR 0x1003", cut, true},
      {"2 SIGSEGV SEGV_MAPERR 0x1003", cut, false},
      {"-1 EFAULT", cut, false},
      {"3 SIGBUS BUS_ADRERR 4099", bus, true},
      {"SIGSEGV SEGV_MAPERR", bus, false},
      {"SIGSEGV SI_KERNEL 0", kernel, true},
      {"0 SIGSEGV SI_KERNEL NULL", kernel, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    CHECK(load_is_met(row) == row.met);
  }
}

TEST_CASE("expectations: of calls") {
  const Row rows[] = {
      {"0", {}, true},
      {"1", {}, false},
      {"?", {}, true},
      {"-1 EINVAL", {}, false},
      {"SIGSEGV SEGV_MAPERR", {}, false},
      {"0", {.error = Errno::kEINVAL}, false},
      {"-1", {.error = Errno::kEINVAL}, true},
      {"-1 EINVAL", {.error = Errno::kEINVAL}, true},
      {"-1 EINVAL (Invalid argument)", {.error = Errno::kEINVAL}, true},
      {"-1 EINVAL (Can't; [do] \"that\")", {.error = Errno::kEINVAL}, true},
      {"-1 ENOMEM", {.error = Errno::kEINVAL}, false},
      {"?", {.error = Errno::kEINVAL}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    Run run;
    run.machine.answer_next(row.answer);
    run(std::string("fsync(3) = ") + row.expected + "\n");
    CHECK(run.error == "");
    CHECK((run.report.failed_expectations == 0) == row.met);
  }
}

TEST_CASE("expectations: an address must be that address, a descriptor may be called 0") {
  Run run;
  run.machine.answer_next({.value = 0x7000});
  run.machine.answer_next({.value = 0x7000});
  run("a = mmap(0, 4K, 0, 0, 0, 0) = 0x7000\nmmap(0, 4K, 0, 0, 0, 0) = a + 4K\n");
  CHECK(run.report.failed_expectations == 1);
  run("a = dup(9) = 3\n");
  CHECK(run.report.failed_expectations == 0);
  run("a = dup(9) = 0\n");
  CHECK(run.report.failed_expectations == 0);
  run("a = dup(9) = 4\n");
  CHECK(run.report.failed_expectations == 1);
  run.machine.answer_next({.error = Errno::kEMFILE});
  run("a = dup(9) = 0\n");
  CHECK(run.report.failed_expectations == 1);
  run("exit(0) = ?\nexit(0) = 0\n");
  CHECK(run.report.failed_expectations == 1);
}

TEST_CASE("expectations: a signal line asserts of the access above it") {
  const std::string line =
      "  --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x1003} ---  # so\n";
  Run run;
  run.machine.answer_next({.value = 3, .signal = kMapErr});
  run("load(4K, 8)\n\n# in between\n" + line);
  CHECK(run.report.failed_expectations == 0);
  run.machine.answer_next({.value = 3, .signal = kMapErr});
  run("load(4K, 8) = 3 SIGSEGV SEGV_MAPERR\n" + line);
  CHECK(run.report.failed_expectations == 0);
  run.machine.answer_next({.value = 3, .signal = SigInfo{SignalCode::kSegvMapErr, {0x1004}}});
  run("load(4K, 8)\n" + line);
  CHECK(run.report.failed_expectations == 1);
  run.options.output = ScenarioOutput::kTranscript;
  CHECK(run("load(4K, 8)\n" + line) ==
        Text{"load(0x1000, 8) = 8",
             "t.scn:2: expected --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, "
             "si_addr=0x1003} ---, got 8"});
  CHECK(run("[pid 1] load(4K, 8)\n[pid 1] " + line).size() == 2);
}

TEST_CASE("names: bound to what the call returned, -1 when it failed, and bound anew") {
  Run run;
  run.machine.answer_next({.value = 0x7000});
  run.machine.answer_next({.error = Errno::kENOMEM});
  run("a = mmap(0, 4K, 0, 0, 0, 0)\nb = mmap(0, 4K, 0, 0, 0, 0)\n"
      "lseek(3, a, 0)\nlseek(3, b, 0)\n"
      "a = lseek(3, a + 1, 0)\nlseek(3, a, 0)\n");
  const Text& calls = run.machine.state().calls;
  CHECK(calls.at(3) == "lseek(3, 28672, 0)");
  CHECK(calls.at(4) == "lseek(3, 18446744073709551615, 0)");
  CHECK(calls.at(6) == "lseek(3, 28673, 0)");
}

TEST_CASE("names: a word of the language that is no call may be one") {
  Run run;
  run("as = lseek(3, 2, 0)\nrepeat = lseek(3, 3, 0)\nrepeat as as as { fsync(as + repeat) }\n"
      "pid = lseek(3, 5, 0)\nfsync(as + pid)\n");
  CHECK(run.error == "");
  CHECK(run.machine.state().calls == Text{"start_process()", "lseek(3, 2, 0)", "lseek(3, 3, 0)",
                                          "fsync(3)", "fsync(4)", "lseek(3, 5, 0)", "fsync(7)"});
}

TEST_CASE("names: a variable of repeat hides what bore its name, and gives it back") {
  Run run;
  run("i = lseek(3, 50, 0)\nrepeat 2 as i {\n repeat 2 as i { fsync(i) }\n fsync(i+10)\n}\n"
      "fsync(i)\n");
  CHECK(run.machine.state().calls == Text{"start_process()", "lseek(3, 50, 0)", "fsync(0)",
                                          "fsync(1)", "fsync(10)", "fsync(0)", "fsync(1)",
                                          "fsync(11)", "fsync(50)"});
}

TEST_CASE("names: one that only a repeat of none would have bound stops the run") {
  Run run;
  CHECK(run("repeat 0 as i { a = dup(1) }\nfsync(1)\nfsync(1 + a)\nfsync(2)\n").size() == 1);
  CHECK(run.error == "t.scn:3:11: no statement has bound this name yet: a");
}

TEST_CASE("repeats: how often is known when they begin") {
  Run run;
  run("n = lseek(3, 2, 0)\nrepeat n as i {\n n = lseek(3, 9, 0)\n}\n");
  CHECK(run.machine.state().calls ==
        Text{"start_process()", "lseek(3, 2, 0)", "lseek(3, 9, 0)", "lseek(3, 9, 0)"});
}

TEST_CASE("lines: blanks, tabs, comments, CR LF and a missing last line end") {
  Run run;
  CHECK(run("# a comment ; \" [\r\n\r\n\t fsync ( 3 ) \t= 0# tail\r\nunlink(\"/#\")\n"
            "repeat 2 as i{fsync(i)}\nrepeat 1 as i {fsync(7)\n}\nfsync(4)") ==
        Text{R"({"line":3,"pid":1,"call":"fsync","ret":0})",
             R"({"line":4,"pid":1,"call":"unlink","ret":0})",
             R"({"line":5,"i":[0],"pid":1,"call":"fsync","ret":0})",
             R"({"line":5,"i":[1],"pid":1,"call":"fsync","ret":0})",
             R"({"line":6,"i":[0],"pid":1,"call":"fsync","ret":0})",
             R"({"line":8,"pid":1,"call":"fsync","ret":0})"});
  CHECK(run.machine.state().calls.at(2) == "unlink(/#)");
  CHECK(run("").empty());
  CHECK(run("\n\r\n").empty());
  CHECK(run.error == "");
}

TEST_CASE("processes: after exit or sigkill the next line runs in a fresh one, NAMEs stay") {
  Run run;
  CHECK(run("a = lseek(3, 5, 0)\nexit(1)\nfsync(a)\nsigkill()\n[pid 1] fsync(a)\n") ==
        Text{R"({"line":1,"pid":1,"call":"lseek","ret":5})", R"({"line":2,"pid":1,"call":"exit"})",
             R"({"line":3,"pid":1,"call":"fsync","ret":0})",
             R"({"line":4,"pid":1,"call":"sigkill","ret":0})",
             R"({"line":5,"pid":1,"call":"fsync","ret":0})"});
  CHECK(run.machine.state().calls == Text{"start_process()", "lseek(3, 5, 0)", "exit(1)",
                                          "start_process()", "fsync(5)", "kill(2, 9)",
                                          "start_process()", "fsync(5)"});
}

TEST_CASE("processes: a line for one that is not there stops the run") {
  Run run;
  CHECK(run("[pid 1] fsync(3)\n[pid  2] fsync(3)\nfsync(4)\n").size() == 1);
  CHECK(run.error == "t.scn:2:10: there is no process 2");
}

TEST_CASE("runs: the machine is validated at the end, and after each statement if asked") {
  Run run;
  run("fsync(3)\nfsync(3)\n");
  CHECK(run.machine.state().validations == 1);
  run.options.validate_each_step = true;
  run("fsync(3)\nfsync(3)\n");
  CHECK(run.machine.state().validations == 4);
}

TEST_CASE("runs: end when the output takes no more") {
  faultline::testing::FakeMachine machine;
  Lines out(2);
  auto program = parse("t.scn", "repeat 100 as i { fsync(i) }\n");
  const auto report = run(std::move(program).value(), machine, {}, out);
  REQUIRE(report.ok());
  CHECK(report->statements == 2);
  CHECK(out.lines.size() == 2);
}

TEST_CASE("runs: end where memory runs out, with what was done") {
  Run run;
  run.options.output = ScenarioOutput::kTranscript;
  run.machine.answer_next({.value = 4096, .out_of_memory = true, .faults = {1, 0}});
  CHECK(run("  store(4K, 8K, 1)\nfsync(4)\n") ==
        Text{"store(0x1000, 8192, 1) = 4096  out of memory  <minor 1>"});
  REQUIRE(run.report.out_of_memory.has_value());
  CHECK(run.report.out_of_memory->to_string() ==
        "t.scn:1:3: out of memory: every frame is taken and none can be evicted");
}

TEST_CASE("runs: statements and failures are counted") {
  Run run;
  run("repeat 3 as i { fsync(3) = i }\nfsync(3)\n");
  CHECK(run.report.statements == 4);
  CHECK(run.report.failed_expectations == 2);
}

TEST_CASE("run_scenario: parses, makes a machine and runs; errors come before anything runs") {
  Lines out;
  const auto report = run_scenario("a.scn", "fsync(3) = 0\n", {}, out);
  REQUIRE(report.ok());
  CHECK(report->statements == 1);
  CHECK(out.lines == Text{"fsync(3) = 0"});
  const auto error = run_scenario("a.scn", "fsync(3)\nfsync(\n", {}, out);
  REQUIRE(!error.ok());
  CHECK(error.error().to_string() == "a.scn:2:7: expected a number, the line ends here");
  CHECK(out.lines.size() == 1);
}

}  // namespace
}  // namespace faultline::scenario::testing
