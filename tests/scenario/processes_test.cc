// Several processes in a scenario: their numbers, who may speak, and what the calls ask of the
// machine.
#include <doctest/doctest.h>

#include "tests/scenario/support.h"

namespace faultline::scenario::testing {
namespace {

TEST_CASE("processes: a child has the next number, and its lines bear it") {
  Run run;
  CHECK(run("p = fork()\n[pid 2] fsync(p)\n[pid 2] fork()\n[pid 3] fsync(4)\nfork()\nexit(0)\n"
            "[pid 4] fsync(5)\n") == Text{R"({"line":1,"pid":1,"call":"fork","ret":2})",
                                          R"({"line":2,"pid":2,"call":"fsync","ret":0})",
                                          R"({"line":3,"pid":2,"call":"fork","ret":3})",
                                          R"({"line":4,"pid":3,"call":"fsync","ret":0})",
                                          R"({"line":5,"pid":1,"call":"fork","ret":4})",
                                          R"({"line":6,"pid":1,"call":"exit"})",
                                          R"({"line":7,"pid":4,"call":"fsync","ret":0})"});
  CHECK(run.machine.state().calls == Text{"start_process()", "clone(0x11)", "fsync(2)",
                                          "clone(0x11)", "fsync(4)", "clone(0x11)", "exit(0)",
                                          "fsync(5)"});
}

TEST_CASE("processes: when none is left the next line runs in a fresh one, numbered anew") {
  Run run;
  CHECK(run("fork()\nexit(0)\n[pid 2] exit(0)\nfork()\n[pid 2] fsync(3)\n").back() ==
        R"({"line":5,"pid":2,"call":"fsync","ret":0})");
  CHECK(run.machine.state().calls == Text{"start_process()", "clone(0x11)", "exit(0)", "exit(0)",
                                          "start_process()", "clone(0x11)", "fsync(3)"});
}

TEST_CASE("processes: who cannot speak stops the run") {
  Run run;
  run("fork()\n[pid 3] fsync(3)\n");
  CHECK(run.error == "t.scn:2:9: there is no process 3");
  run("fork()\nexit(0)\nfsync(3)\n");
  CHECK(run.error == "t.scn:3:1: process 1 has ended");
  run("fork()\nkill(2, SIGKILL)\n[pid 2] fsync(3)\n");
  CHECK(run.error == "t.scn:3:9: process 2 has ended");
  run("fork()\nexit(0)\n[pid 2] exit(0)\n[pid 2] fsync(3)\n");
  CHECK(run.error == "t.scn:4:9: process 2 has ended");
  run("vfork()\n[pid 2] fsync(3)\nfsync(3)\n");
  CHECK(run.error == "t.scn:3:1: process 1 waits for the child of its vfork");
  run.error.clear();
  run("vfork()\n[pid 2] exit(0)\nfsync(3)\n");
  CHECK(run.error == "");
}

TEST_CASE("processes: what the calls ask of the machine, and how they are printed") {
  Run run;
  run.options.output = ScenarioOutput::kTranscript;
  CHECK(run("vfork()\n[pid 2] clone(CLONE_VM|CLONE_FS|SIGCHLD, 0, 0, 0, 0)\n"
            "[pid 3] clone(CLONE_VM|64)\n[pid 3] clone3(4K, 88)\n[pid 3] kill(5, SIGKILL)\n"
            "[pid 3] wait4(-1, 4K, WNOHANG|__WALL, 8K)\n") ==
        Text{"vfork() = 2", "[pid 2] clone(CLONE_VM|CLONE_FS|SIGCHLD, NULL, NULL, NULL, 0) = 3",
             "[pid 3] clone(CLONE_VM|64) = 4", "[pid 3] clone3(0x1000, 88) = 5",
             "[pid 3] kill(5, SIGKILL) = 0",
             "[pid 3] wait4(-1, 0x1000, WNOHANG|__WALL, 0x2000) = 0"});
  CHECK(run.machine.state().calls == Text{"start_process()", "clone(0x4111)", "clone(0x311)",
                                          "clone(0x140)", "clone3(0x1000, 88)", "kill(5, 9)",
                                          "wait4(-1, 0x1000, 1073741825, 0x2000)"});
}

TEST_CASE("processes: the machine has numbers of its own") {
  Run run;
  run("exit(0)\n");
  run.machine.answer_next({});
  // The machine has numbered two processes by now, and the scenario begins with 1 again.
  run.machine.answer_next({});
  run.machine.answer_next({.value = 3});
  CHECK(run("fork()\nkill(2, 9)\nwait4(2, _, 0, 0)\nkill(7, 0)\n").at(2) ==
        R"({"line":3,"pid":1,"call":"wait4","ret":2})");
  const Text& calls = run.machine.state().calls;
  CHECK(calls.at(4) == "kill(3, 9)");
  CHECK(calls.at(5) == "wait4(3, 0x0, 0, 0x0)");
  CHECK(calls.at(6) == "kill(1073741823, 0)");
}

TEST_CASE("processes: a call that fails, and one that would block for ever") {
  Run run;
  run.machine.answer_next({.error = Errno::kENOMEM});
  CHECK(run("fork() = -1 ENOMEM\n") ==
        Text{R"({"line":1,"pid":1,"call":"fork","ret":-1,"errno":"ENOMEM"})"});
  run.machine.answer_next({.error = Errno::kEDEADLK});
  CHECK(run("wait4(-1, 0, 0, 0)\n").empty());
  CHECK(run.error ==
        "t.scn:1:1: the call would block for ever: no child it could wait for has ended");
  run.machine.answer_next({.error = Errno::kENOSYS});
  run("fork()\n");
  CHECK(run.error == "t.scn:1:1: more processes at a time than are simulated");
  run.machine.answer_next({.error = Errno::kENOSYS});
  run("clone(CLONE_THREAD)\n");
  CHECK(run.error == "t.scn:1:1: clone is not simulated yet");
}

TEST_CASE("processes: wait4 that faults pages in says so") {
  Run run;
  run.machine.answer_next({});
  run.machine.answer_next({.value = 2, .faults = {2, 0}});
  CHECK(run("fork()\nwait4(2, 4K, 0, 8K)\n").at(1) ==
        R"({"line":2,"pid":1,"call":"wait4","ret":2,"minflt":2,"majflt":0})");
}

}  // namespace
}  // namespace faultline::scenario::testing
