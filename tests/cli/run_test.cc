// `faultline run` from outside: its JSON to the letter, its exit status, its options.
#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cli/program.h"

namespace faultline::testing {
namespace {

using nlohmann::json;

constexpr const char* kGood =
    "p = mmap(NULL, 64K, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
    "store(p, 8, 65) = 8\n"
    "load(p + 64K, 1) = 0 SIGSEGV SEGV_MAPERR\n"
    "munmap(p + 1, 4K) = -1 EINVAL\n";
constexpr const char* kFailing =
    "# comments print nothing\n"
    "brk(0) = 7\n"
    "repeat 2 as i { brk(0) }\n";
constexpr const char* kBroken = "brk(0)\nmmap(;\n";

ProgramEnd run(std::vector<std::string> args) {
  args.insert(args.begin(), "run");
  return run_program({.args = args});
}

TEST_CASE("run --json: one file, an object a statement") {
  const ProgramEnd end = run({write_file("good.scn", kGood), "--json"});
  CHECK(end.status == 0);
  CHECK(end.err.empty());
  CHECK(end.out ==
        R"({"line":1,"pid":1,"call":"mmap","ret":"0x7ffff7fef000"}
{"line":2,"pid":1,"call":"store","ret":8,"minflt":1,"majflt":0}
{"line":3,"pid":1,"call":"load","ret":0,"minflt":0,"majflt":0,"data":"","signal":{"signo":"SIGSEGV","code":"SEGV_MAPERR","addr":"0x7ffff7fff000"}}
{"line":4,"pid":1,"call":"munmap","ret":-1,"errno":"EINVAL"}
)");
}

TEST_CASE(
    "run --json: with several files each object begins with its file; each on a machine of its "
    "own") {
  const std::string good = write_file("good.scn", kGood);
  const std::string failing = write_file("failing.scn", kFailing);
  const ProgramEnd end = run({good, failing, good, "--json"});
  CHECK(end.status == 1);
  CHECK(end.err.empty());
  std::istringstream lines(end.out);
  std::vector<std::string> of_good[2];
  std::vector<std::string> of_failing;
  for (std::string line; std::getline(lines, line);) {
    const bool is_good = line.starts_with("{\"file\":\"" + good + "\",\"line\":");
    CHECK(is_good != line.starts_with("{\"file\":\"" + failing + "\",\"line\":"));
    (is_good ? of_good[of_failing.empty() ? 0 : 1] : of_failing).push_back(line);
  }
  CHECK(of_good[0].size() == 4);
  CHECK(of_good[0] == of_good[1]);
  REQUIRE(of_failing.size() == 3);
  const std::string file = "{\"file\":\"" + failing + "\",";
  CHECK(of_failing[0] ==
        file + R"("line":2,"pid":1,"call":"brk","ret":"0x600000","expected":"7"})");
  CHECK(of_failing[1] == file + R"("line":3,"i":[0],"pid":1,"call":"brk","ret":"0x600000"})");
  CHECK(of_failing[2] == file + R"("line":3,"i":[1],"pid":1,"call":"brk","ret":"0x600000"})");
}

TEST_CASE("run: the transcript, with the failed expectation and its line, and status 1") {
  const std::string file = write_file("failing.scn", kFailing);
  const ProgramEnd end = run({file});
  CHECK(end.status == 1);
  CHECK(end.err.empty());
  CHECK(end.out.find("brk(NULL) = 0x600000\n" + file + ":2: expected 7, got 0x600000\n") !=
        std::string::npos);
}

TEST_CASE("run: every file is run, and the worst status is the program's") {
  const std::string good = write_file("good.scn", kGood);
  const std::string failing = write_file("failing.scn", kFailing);
  const std::string broken = write_file("broken.scn", kBroken);
  const ProgramEnd alone = run({good, "--json"});
  const ProgramEnd end = run({broken, failing, good, "--json"});
  CHECK(end.status == 2);
  CHECK(end.err.starts_with("faultline: " + broken + ":2:"));
  CHECK(end.out.find(broken) == std::string::npos);  // nothing of it is run
  CHECK(end.out.find(failing) != std::string::npos);
  CHECK(end.out.find(good) != std::string::npos);
  CHECK(alone.out.find("\"file\"") == std::string::npos);
}

TEST_CASE(
    "run: a call that is not simulated is named with its place, status 2, and nothing is run") {
  for (const std::string name :
       {"execve", "prlimit64", "userfaultfd", "shmget", "shmat", "shmdt", "powerfail", "inject"}) {
    CAPTURE(name);
    const std::string file = write_file("later.scn", "brk(0)\nx = " + name + "(0)\n");
    const ProgramEnd end = run({file, "--json"});
    CHECK(end.status == 2);
    CHECK(end.out.empty());
    CHECK(end.err == "faultline: " + file + ":2:5: call not simulated yet: " + name + "\n");
  }
  // RLIMIT_CPU, which nothing here would obey, and which has no name in a scenario.
  const std::string file = write_file("cpu.scn", "setrlimit(0, 1)\n");
  const ProgramEnd end = run({file, "--json"});
  CHECK(end.status == 2);
  CHECK(end.err == "faultline: " + file + ":1:1: setrlimit is not simulated yet\n");
}

TEST_CASE("run: memory that runs out is said with its line, status 3") {
  const std::string file =
      write_file("full.scn",
                 "p = mmap(NULL, 8K, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
                 "store(p, 8K, 1) = 8192\n"
                 "  poke(p + 4092, 8, 1)\n"  // needs two pages at once
                 "munmap(p, 8K)\n");
  const ProgramEnd end = run({file, "--memory", "1p", "--json"});
  CHECK(end.status == 3);
  CHECK(end.err == "faultline: " + file +
                       ":3:3: out of memory: every frame is taken and none can be evicted\n");
  CHECK(end.out.find("\"call\":\"poke\"") != std::string::npos);
  CHECK(end.out.find("\"call\":\"munmap\"") == std::string::npos);
  CHECK(run({file, "--memory", "2p"}).status == 0);
}

TEST_CASE("run --memory: what does not fit goes to swap and comes back by a major fault") {
  const std::string file =
      write_file("swap.scn",
                 "p = mmap(NULL, 32K, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
                 "store(p, 32K, 1) = 32K\n"
                 "load(p, 2)\n");
  const auto last_load = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {file, "--json"});
    const ProgramEnd end = run(options);
    CHECK(end.status == 0);
    return end.out.substr(end.out.find("{\"line\":3"));
  };
  constexpr std::string_view kThere =
      R"({"line":3,"pid":1,"call":"load","ret":2,"minflt":0,"majflt":0,"data":"0101"})";
  constexpr std::string_view kSwapped =
      R"({"line":3,"pid":1,"call":"load","ret":2,"minflt":0,"majflt":1,"data":"0101"})";
  CHECK(last_load({}) == std::string(kThere) + "\n");
  CHECK(last_load({"--memory", "8p"}) == std::string(kThere) + "\n");
  CHECK(last_load({"--memory", "16K"}) == std::string(kSwapped) + "\n");
  CHECK(last_load({"--memory", "4p", "--paranoid"}) == std::string(kSwapped) + "\n");
}

TEST_CASE("run: from standard input, the same twice, and the same with --paranoid") {
  const ProgramEnd once = run_program({.args = {"run", "-", "--json"}, .input = kGood});
  CHECK(once.status == 0);
  CHECK(once.out == run({write_file("good.scn", kGood), "--json"}).out);
  CHECK(once.out ==
        run_program({.args = {"run", "-", "--json", "--paranoid"}, .input = kGood}).out);
}

TEST_CASE("run: an interrupt ends it between two statements, status 130") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  // Would take far longer than the test may.
  const std::string file = write_file("long.scn", "repeat 9000000 as i { brk(0) }\n");
  const pid_t program = start_program({.args = {"run", file, "--json"}, .output_fd = ends[1]});
  close(ends[1]);
  std::string out;
  char buffer[65536];
  for (ssize_t size; (size = read(ends[0], buffer, sizeof buffer)) > 0;) {
    if (out.empty()) REQUIRE(kill(program, SIGINT) == 0);
    out.append(buffer, size_t(size));
  }
  close(ends[0]);
  CHECK(wait_for(program) == 130);
  REQUIRE(out.ends_with("}\n"));
  // Whole lines from the first to the last, none left out.
  std::istringstream lines(out);
  uint64_t count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    REQUIRE(json::parse(line).at("i").at(0).get<uint64_t>() == count);
  CHECK(count > 0);
  CHECK(count < 9'000'000);
}

}  // namespace
}  // namespace faultline::testing
