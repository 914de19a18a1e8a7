// `faultline record`, from the command line: what it is told, and what it leaves behind.
#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/cli/program.h"

namespace faultline::testing {
namespace {

bool have(const char* program) {
  const std::string command = std::string("command -v ") + program + " >/dev/null";
  if (std::system(command.c_str()) == 0) return true;
  std::printf("SKIPPED: %s is not installed\n", program);
  return false;
}

const bool kQemu = have("qemu-x86_64");
const bool kValgrind = have("valgrind");

std::string trace_path(const std::string& name) { return write_file(name, ""); }

// Replays a recorded trace and expects that no access lies outside its mappings.
void check_replays(const std::string& trace) {
  const ProgramEnd end = run_program({.args = {"replay", trace, "--json"}});
  CHECK(end.status == 0);
  CHECK(end.err == "");
  CHECK(end.out.find("\"segv_maperr\":0,\"segv_accerr\":0,\"bus_adrerr\":0") != std::string::npos);
  CHECK(end.out.find("\"accesses\":0,") == std::string::npos);
}

TEST_CASE("record: the command's output and status are its own, and the trace replays") {
  if (!kQemu) return;
  const std::string trace = trace_path("own.flt");
  const ProgramEnd end = run_program({.args = {"record", "-o", trace, "--", "/bin/sh", "-c",
                                               "cat; echo \"$1\" >&2; exit 3", "x", "--"},
                                      .input = "hello\n"});
  CHECK(end.status == 3);
  CHECK(end.out == "hello\n");
  CHECK(end.err == "--\n");
  check_replays(trace);
}

TEST_CASE("record: without the dashes too; options behind the command are the command's") {
  if (!kQemu) return;
  const std::string trace = trace_path("plain.flt");
  const ProgramEnd end = run_program({.args = {"record", "-o", trace, "echo", "-o", "a"}});
  CHECK(end.status == 0);
  CHECK(end.out == "-o a\n");
  check_replays(trace);
}

TEST_CASE("record: every access, blocks, Lackey: each a trace that replays") {
  if (!kQemu) return;
  const std::string trace = trace_path("ways.flt");
  for (const char* option : {"--filter=off", "--fetch=block", "--backend=qemu"}) {
    CAPTURE(option);
    CHECK(run_program({.args = {"record", "-o", trace, option, "--", "/bin/true"}}).status == 0);
    check_replays(trace);
  }
  if (!kValgrind) return;
  CHECK(run_program({.args = {"record", "-o", trace, "--backend=lackey", "--", "/bin/false"}})
            .status == 1);
  check_replays(trace);
}

TEST_CASE("record: to standard output, with the command's own on standard error") {
  if (!kQemu) return;
  const std::string trace = trace_path("piped.flt");
  const ProgramEnd end =
      run_program({.args = {"record", "-o", "-", "--", "echo", "hello"}, .output_file = trace});
  CHECK(end.status == 0);
  CHECK(end.err == "hello\n");
  check_replays(trace);
}

TEST_CASE("record: no more than a limit; the command runs on") {
  if (!kQemu) return;
  const std::string trace = trace_path("limited.flt");
  const ProgramEnd end = run_program(
      {.args = {"record", "-o", trace, "--limit", "1000", "--", "sh", "-c", "echo a; exit 4"}});
  CHECK(end.status == 4);
  CHECK(end.out == "a\n");
  const ProgramEnd replayed = run_program({.args = {"replay", trace, "--json"}});
  CHECK(replayed.out.find("\"accesses\":1000,") != std::string::npos);
}

TEST_CASE("record: a command that a signal ends") {
  if (!kQemu) return;
  const std::string trace = trace_path("killed.flt");
  const ProgramEnd end =
      run_program({.args = {"record", "-o", trace, "--", "sh", "-c", "kill -TERM $$"}});
  CHECK(end.status == 128 + 15);
  check_replays(trace);
}

// Waits until the file is there.
void wait_for_file(const std::string& path) {
  for (int i = 0; i < 1000 && !std::filesystem::exists(path); ++i) usleep(20000);
  REQUIRE(std::filesystem::exists(path));
}

TEST_CASE("record: an interrupt is the command's business, SIGTERM is passed on to it") {
  if (!kQemu) return;
  const std::string trace = trace_path("signals.flt");
  const std::string ready = trace + ".ready";
  std::filesystem::remove(ready);
  const pid_t recorder = start_program(
      {.args = {"record", "-o", trace, "--", "sh", "-c",
                "trap 'exit 9' TERM; : >\"$1\"; while :; do sleep 0.05; done", "x", ready}});
  wait_for_file(ready);
  kill(recorder, SIGINT);
  kill(recorder, SIGTERM);
  CHECK(wait_for(recorder) == 9);
  check_replays(trace);
}

TEST_CASE("record: real programs: every access lies inside the mappings that they made") {
  if (!kQemu) return;
  const std::string trace = trace_path("real.flt");
  std::string words;
  for (int i = 0; i < 2000; ++i) words += std::to_string(i * 7919 % 10007) + "\n";
  const std::string file = write_file("words", words);
  const std::vector<std::string> commands[] = {
      {"sort", "--parallel=4", "-S", "50K", file},
      {"sh", "-c", "sort -n " + file + " | uniq | tail -n 1; (exit 0) & wait"},
      {"python3", "-c",
       "import threading, subprocess\n"
       "ts = [threading.Thread(target=lambda: sorted(range(2000))) for _ in range(3)]\n"
       "[t.start() for t in ts]; [t.join() for t in ts]\n"
       "subprocess.run(['true'], check=True)"},
      {"sqlite3",
       ":memory:", "create table t(a); insert into t values(1),(2); select sum(a) from t;"},
  };
  for (const std::vector<std::string>& command : commands) {
    CAPTURE(command.front());
    if (!have(command.front().c_str())) continue;
    ProgramRun run{.args = {"record", "-o", trace, "--"}};
    run.args.insert(run.args.end(), command.begin(), command.end());
    const ProgramEnd end = run_program(run);
    CHECK(end.status == 0);
    CHECK(end.err == "");
    check_replays(trace);
  }
}

TEST_CASE("record: what cannot be done is told, and leaves no trace behind") {
  struct Row {
    std::vector<std::string> args;
    std::string error;
  };
  const Row rows[] = {
      {{"record", "--", "true"}, "record: no trace is named: -o TRACE; see 'faultline --help'"},
      {{"record", "-o", "none.flt"},
       "record: no command is given: -- CMD...; see 'faultline --help'"},
      {{"record", "-o", "none.flt", "--backend", "pin", "--", "true"},
       "--backend: 'pin' is none of 'auto', 'qemu', 'lackey'"},
  };
  for (const Row& row : rows) {
    const ProgramEnd end = run_program({.args = row.args});
    CHECK(end.status == 2);
    CHECK(end.out == "");
    CHECK(end.err == "faultline: " + row.error + "\n");
  }
  if (kQemu) {
    const ProgramEnd end = run_program({.args = {"record", "-o", "none.flt", "--", "no-such-one"}});
    CHECK(end.status == 2);
    CHECK(end.err == "faultline: no-such-one: command not found\n");
  }
  CHECK_FALSE(std::filesystem::exists("none.flt"));
}

TEST_CASE("record: a back end that is missing is named with its package") {
  const auto error = [](const std::string& backend) {
    return run_program({.args = {"record", "-o", "none.flt", "--backend", backend, "--", "true"},
                        .environment = {{"PATH", "/nowhere"}}})
        .err;
  };
  CHECK(error("qemu").find("install Debian's package qemu-user\n") != std::string::npos);
  CHECK(error("lackey").find("install Debian's package valgrind\n") != std::string::npos);
  CHECK(error("auto").find("install Debian's package qemu-user, or valgrind\n") !=
        std::string::npos);
}

}  // namespace
}  // namespace faultline::testing
