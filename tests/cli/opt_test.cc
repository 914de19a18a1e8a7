// `faultline replay --policy opt`: two passes over the trace, wherever it comes from.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/replay_check.h"

namespace faultline::testing {
namespace {

std::string small_trace() {
  std::string text;
  // Belady's string, a load each, and a store that straddles to begin with.
  text += " S 0000ffe,4\n";
  for (const char page : std::string("123412512345"))
    text += " L 0" + std::string(1, page) + "010,8\n";
  return text;
}

uint64_t misses(std::vector<std::string> args) {
  return number(replay(std::move(args)), "/replacement/misses");
}

TEST_CASE("opt: Belady's string") {
  const std::string file = write_file("belady.lackey", small_trace());
  // Pages 0 and 1 come first; then 7 and 6 misses, of which page 1 is one already.
  CHECK(misses({file, "--memory", "3p", "--policy", "opt"}) == 8);
  CHECK(misses({file, "--memory", "4p", "--policy", "opt"}) == 7);
  CHECK(misses({file, "--memory", "3p", "--policy", "lru"}) == 11);
  // Without a limit there is nothing to know.
  CHECK(misses({file, "--policy", "opt"}) == 6);
  // As far as it goes, and not beyond.
  CHECK(misses({file, "--memory", "3p", "--policy", "opt", "--limit", "5"}) ==
        misses({file, "--memory", "3p", "--policy", "lru", "--limit", "5"}));
}

TEST_CASE("opt: standard input is read twice, be it a pipe or a file") {
  const ProgramRun piped{.args = {"replay", "-", "--memory", "3p", "--policy", "opt", "--json"},
                         .input = small_trace()};
  const ProgramEnd end = run_program(piped);
  CHECK(end.status == 0);
  CHECK(end.err.empty());
  CHECK(number(end.out, "/replacement/misses") == 8);
  CHECK(end.out.find("\"files\":[\"-\"]") != std::string::npos);
}

TEST_CASE(
    "opt: on a real trace the fast engine and the whole machine agree, and none misses less") {
  const std::vector<std::string> base = {"traces/perl.lackey.xz",         "--memory",
                                         kSanitized ? "30p" : "60p",      "--limit",
                                         kSanitized ? "50000" : "400000", "--policy"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> args = base;
    args.insert(args.end(), more.begin(), more.end());
    return args;
  };
  const std::string fast = replay(with({"opt"}));
  CHECK(replay(with({"opt", "--paranoid"})) == fast);
  CHECK(number(fast, "/replacement/evictions") > (kSanitized ? 20 : 100));
  for (const char* policy : {"lru", "arc", "lirs", "clockpro", "linux"})
    CHECK(misses(with({policy})) >= number(fast, "/replacement/misses"));
}

// Runs are condensed for OPT where nobody wants to see each of them; here somebody does.
TEST_CASE("opt: condensed runs come to what all runs come to, in memories of many sizes") {
  const std::string limit = kSanitized ? "100000" : "2000000";
  for (const char* trace : {"traces/sqlite.lackey.zst", "traces/sort.lackey.zst"}) {
    for (const char* memory : {"15p", "16p", "20p", "33p", "64p", "130p", "257p"}) {
      const std::vector<std::string> condensed = {trace,  "--limit",  limit, "--memory",
                                                  memory, "--policy", "opt"};
      std::vector<std::string> full = condensed;
      full.push_back("--huge-pages");
      const std::string all = replay(full);
      const size_t extra = all.find(",\"huge_pages\"");
      REQUIRE(extra != std::string::npos);
      CHECK(all.substr(0, extra) + "}\n" == replay(condensed));
    }
  }
}

TEST_CASE("opt: with mappings, where some accesses end in signals and files are read ahead") {
  const std::string maps = write_file("some.maps",
                                      "1000-4000 r--p 00000000 08:01 7      /data\n"
                                      "5000-8000 rw-p 00000000 00:00 0 \n");
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += (i % 3 == 0 ? " S 0" : " L 0") + std::string(1, char('1' + (i * 5 + i / 7) % 7)) +
            "010,8\n";
  const std::string file = write_file("some.lackey", text);
  const auto with = [&](const char* policy) {
    return replay({file, "--maps", maps, "--unmapped", "fault", "--memory", "4p", "--policy",
                   policy, "--paranoid"});
  };
  const std::string opt = with("opt");
  CHECK(number(opt, "/faults/segv_accerr") > 0);
  CHECK(number(opt, "/replacement/evictions") > 0);
  CHECK(number(opt, "/faults/major") <= number(with("lru"), "/faults/major"));
}

TEST_CASE("opt: what is wrong with the trace, or with the place for the index, is said") {
  const std::string file = write_file("bad.lackey", small_trace() + " L 05010,8\n L zz,8\n");
  ProgramEnd end =
      run_program({.args = {"replay", file, "--memory", "3p", "--policy", "opt", "--json"}});
  CHECK(end.status == 2);
  CHECK(end.out.empty());
  CHECK(end.err.find("bad.lackey:15:4") != std::string::npos);
  end = run_program({.args = {"replay", file, "--memory", "3p", "--policy", "opt"},
                     .environment = {{"TMPDIR", "/no/such/folder"}}});
  CHECK(end.status == 3);
  CHECK(end.err ==
        "faultline: /no/such/folder: a temporary file there: No such file or directory\n");
  end = run_program({.args = {"replay", file, "--policy", "opt:x=1"}});
  CHECK(end.status == 2);
  CHECK(end.err == "faultline: --policy: policy opt has no option 'x'\n");
}

}  // namespace
}  // namespace faultline::testing
