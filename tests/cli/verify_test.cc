// `faultline verify` from outside: usage, what it says where it cannot ask, its output where it
// can.
#include "faultline/verify.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.h"

namespace faultline::testing {
namespace {

using nlohmann::json;

constexpr const char* kScenario =
    "p = mmap(NULL, 64K, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
    "store(p, 8, 65) = 8\n"
    "load(p + 64K, 1) = 0 SIGSEGV SEGV_MAPERR\n";

ProgramEnd verify(std::vector<std::string> args) {
  args.insert(args.begin(), "verify");
  return run_program({.args = args});
}

bool can_ask() {
  const auto lacking = missing_for_verify();
  if (lacking) std::printf("SKIPPED: verify needs %s\n", lacking->c_str());
  return !lacking;
}

TEST_CASE("verify: wrong usage is exit status 2 and a line that says what is wrong") {
  CHECK(verify({}).status == 2);
  CHECK(verify({}).err.find("no SCENARIO and no --random profile") != std::string::npos);
  CHECK(verify({"--random", "vma", "a.scn"}).status == 2);
  CHECK(verify({"--random", "vma", "--seed", "x"}).status == 2);
  CHECK(verify({"--random", "nothing"}).status == 2);
}

TEST_CASE("verify --random list names the profiles") {
  const ProgramEnd end = verify({"--random", "list"});
  CHECK(end.status == 0);
  for (const RandomProfile& profile : random_profiles()) {
    CHECK(end.out.find(std::string(profile.name)) != std::string::npos);
  }
}

TEST_CASE("verify --random says what was compared, in words and as JSON") {
  if (!can_ask()) return;
  const ProgramEnd end =
      verify({"--random", "errno", "--statements", "100", "--seed", "3", "--json"});
  const json document = json::parse(end.out);
  CHECK(document.at("profile") == "errno");
  CHECK(document.at("seed") == 3);
  CHECK(document.at("agree") == (end.status == 0));
  CHECK(document.at("statements") >= 1);
}

TEST_CASE("verify: where the host lacks something it says what, and nothing is compared") {
  const auto lacking = missing_for_verify();
  if (!lacking) return;
  const ProgramEnd end = verify({write_file("a.scn", kScenario)});
  CHECK(end.status == 2);
  CHECK(end.out.empty());
  CHECK(end.err == "faultline: verify needs " + *lacking + "\n");
}

TEST_CASE("verify: agreement in words and as JSON; a wrong scenario") {
  if (!can_ask()) return;
  const std::string file = write_file("a.scn", kScenario);
  const ProgramEnd words = verify({file});
  CHECK(words.status == 0);
  CHECK(words.out.starts_with(file + ": 3 statements, as on Linux "));
  const ProgramEnd end = verify({file, "--json"});
  CHECK(end.status == 0);
  const json document = json::parse(end.out);
  CHECK(document.at("file") == file);
  CHECK(document.at("agree") == true);
  CHECK(document.at("statements") == 3);
  CHECK(document.at("settings").is_array());
  CHECK(document.at("skipped").empty());
  CHECK(verify({"/nowhere.scn"}).status == 2);
  CHECK(verify({write_file("b.scn", "fsink(3)\n"), file}).status == 2);
}

TEST_CASE("verify --answers prints the kernel's version and its answers") {
  if (!can_ask()) return;
  const ProgramEnd end = verify({"--answers", write_file("a.scn", kScenario)});
  CHECK(end.status == 0);
  CHECK(end.out.starts_with("{\"kernel\":\""));
  CHECK(end.out.ends_with(
      R"({"line":1,"pid":1,"call":"mmap","ret":"0x7ffff7fef000"}
{"line":2,"pid":1,"call":"store","ret":8,"minflt":1,"majflt":0}
{"line":3,"pid":1,"call":"load","ret":0,"minflt":0,"majflt":0,"data":"","signal":{"signo":"SIGSEGV","code":"SEGV_MAPERR","addr":"0x7ffff7fff000"}}
)"));
}

}  // namespace
}  // namespace faultline::testing
