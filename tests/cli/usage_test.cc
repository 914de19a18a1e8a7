// What the program says to wrong usage and wrong input: one line that names the culprit, nothing on
// standard output, exit status 2.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cli/program.h"

namespace faultline::testing {
namespace {

// The trace that rows mean by TRACE: ten loads.
std::vector<std::string> with_trace(std::vector<std::string> args) {
  const std::string trace = write_file("ten.lackey", lackey_loads(10));
  std::replace(args.begin(), args.end(), std::string("TRACE"), trace);
  return args;
}

void check_refused(const ProgramRun& run, std::string_view message) {
  for (const std::string& arg : run.args) CAPTURE(arg);
  const ProgramEnd end = run_program(run);
  CHECK(end.status == 2);
  CHECK(end.out.empty());
  CHECK(end.err.starts_with("faultline: "));
  CHECK_MESSAGE(end.err.find(message) != std::string::npos, end.err, " lacks ", message);
  CHECK_MESSAGE(std::count(end.err.begin(), end.err.end(), '\n') == 1, end.err);
}

struct Row {
  std::vector<std::string> args;
  std::string_view message;
};

TEST_CASE("usage: a wrong option or value is named") {
  const Row rows[] = {
      {{}, "no command"},
      {{"reply"}, "reply"},
      {{"--jason"}, "--jason"},
      {{"replay"}, "TRACE"},
      {{"run"}, "SCENARIO"},
      {{"replay", "TRACE", "--jason"}, "--jason"},
      {{"replay", "TRACE", "--memory"}, "--memory"},
      {{"replay", "TRACE", "--memory", "10x"}, "--memory: '10x'"},
      {{"replay", "TRACE", "--memory", "4095"}, "--memory: '4095' is below one page"},
      {{"replay", "TRACE", "--memory", "17179869184p"}, "--memory"},
      {{"replay", "TRACE", "--policy", "best"}, "--policy: no policy is named 'best'"},
      {{"replay", "TRACE", "--policy", "clock:leave=1"}, "--policy: policy clock has no option"},
      {{"replay", "TRACE", "--tlb", "l3=1x1"}, "--tlb: 'l3=1x1'"},
      {{"replay", "TRACE", "--tlb", "l2=12x5"}, "--tlb: "},
      {{"replay", "TRACE", "--tlb", "l2=0x0"}, "--tlb: "},
      {{"replay", "TRACE", "--tlb", "l1d=24x4"}, "--tlb: "},
      {{"replay", "TRACE", "--paging", "vax"}, "--paging: no format is named 'vax'"},
      {{"replay", "TRACE", "--unmapped", "maybe"}, "--unmapped: 'maybe'"},
      {{"replay", "TRACE", "--skip", "-1"}, "--skip"},
      {{"replay", "TRACE", "--limit", "many"}, "--limit: 'many' is not a count"},
      {{"replay", "TRACE", "--seed", "1.5"}, "--seed: '1.5' is not a count"},
      {{"replay", "TRACE", "--format", "sanskrit"}, "sanskrit"},
      {{"replay", "TRACE", "--maps", "/nonexistent/maps"}, "/nonexistent/maps: No such file"},
      {{"replay", "TRACE", "--events", "/nonexistent/log"},
       "/nonexistent/log: cannot be created: No such file"},
      {{"replay", "TRACE", "--events", "TRACE"}, "--events: "},
      {{"replay", "TRACE", "--events", "-", "--interval", "5"}, "--events: the rows of --interval"},
      {{"replay", "TRACE", "--memory", ""}, "replay: --memory has no value"},
      {{"replay", ""}, "replay: TRACE has no value"},
      {{"sweep", "TRACE", "--jobs", ""}, "sweep: --jobs has no value"},
      {{"convert", "TRACE", ""}, "convert: FILE has no value"},
      {{"replay", "TRACE", "--tlb", "l2=64x4,l2=32x4"}, "--tlb: l2 is there twice"},
      {{"replay", "TRACE", "--policy", "clock:enter=0,enter=1"}, "'enter=1' is there twice"},
  };
  for (const Row& row : rows) check_refused({.args = with_trace(row.args)}, row.message);
}

TEST_CASE("usage: so it is of the other commands") {
  const Row rows[] = {
      {{"mrc"}, "mrc: no TRACE"},
      {{"mrc", "TRACE", "--sample", "0"}, "--sample: '0' is not a rate"},
      {{"mrc", "TRACE", "--sample", "1.5"}, "--sample: '1.5' is not a rate"},
      {{"mrc", "TRACE", "--sample", "nan"}, "--sample: 'nan' is not a rate"},
      {{"mrc", "TRACE", "--sample-pages", "0"}, "--sample-pages: '0' is not between 1 and"},
      {{"mrc", "TRACE", "--sample", "0.1", "--sample-pages", "9"}, "either --sample or"},
      {{"mrc", "TRACE", "--policy", "clock"}, "--policy needs --memory"},
      {{"mrc", "TRACE", "--memory", "64p"}, "--policy needs --memory"},
      {{"mrc", "TRACE", "--policy", "best", "--memory", "64p"}, "--policy: no policy is named"},
      {{"mrc", "TRACE", "--policy", "clock", "--memory", "0p"}, "--memory: "},
      {{"mrc", "TRACE", "--policy", "clock", "--memory", "unlimited"}, "--memory: in unlimited"},
      {{"mrc", "TRACE", "--policy", "clock", "--memory", "64p", "--sample", "0.1"},
       "--policy is exact"},
      {{"mrc", "TRACE", "--json", "--csv"}, "either --json or --csv"},
      {{"mrc", "TRACE", "--chart", "chart.png"}, "--chart: 'chart.png' does not end in"},
      {{"mrc", "TRACE", "--chart", "/nonexistent/a.svg"}, "/nonexistent/a.svg: cannot be created"},
      {{"mrc", "TRACE", "--sample", "0.000001"}, "no page of the trace is in the sample"},
      {{"mrc", "TRACE", "--paging", "vax"}, "--paging: no format is named 'vax'"},
      {{"mrc", "/nonexistent/trace"}, "/nonexistent/trace: "},
      {{"run", "x.scn", "--memory", "0"}, "--memory: '0' is below one page"},
      {{"run", "x.scn", "--seed", "x"}, "--seed: 'x' is not a count"},
  };
  for (const Row& row : rows) check_refused({.args = with_trace(row.args)}, row.message);
}

TEST_CASE("usage: a trace that cannot be read is named") {
  const std::string empty = write_file("empty.lackey", "");
  const std::string garbage = write_file("garbage.lackey", "\x01\x02\x03 what is this\n");
  const std::string bad = write_file("bad.lackey", lackey_loads(100) + " L zzz,8\n");
  check_refused({.args = {"replay", "/nonexistent/trace"}}, "/nonexistent/trace: ");
  check_refused({.args = {"replay", "/tmp"}}, "/tmp: ");
  check_refused({.args = {"replay", empty}}, "empty.lackey");
  check_refused({.args = {"replay", garbage}}, "garbage.lackey");
  check_refused({.args = {"replay", bad}}, "bad.lackey:101:");
  check_refused({.args = {"replay", "-"}, .input = ""}, "-: ");
  check_refused({.args = {"replay", "-", "-"}, .input = lackey_loads(10)},
                "-: can be read only once");
  const std::string gz = read_file("traces/cg.lackey.gz");
  REQUIRE(gz.size() > 100'000);
  const std::string cut = write_file("cut.lackey.gz", gz.substr(0, 50'000));
  check_refused({.args = {"replay", cut}}, "cut.lackey.gz: byte 50000");
}

TEST_CASE("usage: a maps file that cannot be is named, with the place") {
  const std::string trace = write_file("ten.lackey", lackey_loads(10));
  const auto refused = [&](std::string_view maps, std::string_view message) {
    check_refused({.args = {"replay", trace, "--maps", write_file("maps", maps)}}, message);
  };
  refused("", "maps: no mapping in it");
  refused("1000-2000 r--p 0 0:0 0\nnonsense\n", "maps:2:1: expected an address");
  refused("1001-2000 r--p 0 0:0 0\n", "maps: these mappings cannot be made: Invalid argument");
}

TEST_CASE("usage: a scenario that cannot be read is named") {
  check_refused({.args = {"run", "/nonexistent.scn"}}, "/nonexistent.scn: No such file");
  check_refused({.args = {"run", "/tmp"}}, "/tmp: Is a directory");
  check_refused({.args = {"run", write_file("bad.scn", "mmap(;\n")}}, "bad.scn:1:");
}

TEST_CASE("usage: options may come from a file; those of the command line go first") {
  const std::string trace = write_file("ten.lackey", lackey_loads(10));
  const std::string file = write_file(
      "options.toml", "[replay]\nmemory = 2p\npolicy = \"clock:enter=0\"\njson = true\n");
  const auto report = [&](std::vector<std::string> args) {
    args.insert(args.end(), {trace, "--config", file});
    const ProgramEnd end = run_program({.args = args});
    CHECK_MESSAGE(end.status == 0, end.err);
    return end.out;
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(report({"replay"}), R"("frames":2,"policy":"clock:enter=0")"));
  CHECK(has(report({"replay", "--memory", "3p"}), R"("frames":3,"policy":"clock:enter=0")"));
  CHECK(has(report({"mrc", "--json"}), R"({"references":10,)"));
  check_refused({.args = {"replay", trace, "--config", "/nonexistent.toml"}}, "/nonexistent.toml");
  const std::string unknown = write_file("unknown.toml", "[replay]\nmemroy = 2p\n");
  check_refused({.args = {"replay", trace, "--config", unknown}}, "replay.memroy");
}

TEST_CASE("usage: what was asked for goes to standard output") {
  const Row rows[] = {
      {{"--help"}, "Exit status:"},
      {{"--help"}, "Example: faultline replay"},
      {{"replay", "--help"}, "faultline replay traces/sort.lackey.zst"},
      {{"replay", "--help"}, "--memory"},
      {{"run", "--help"}, "Example: faultline run"},
      {{"mrc", "--help"}, "faultline mrc traces/sort.lackey.zst --chart"},
      {{"--version"}, "faultline 0."},
      {{"replay", "--version"}, "faultline 0."},
      {{"--help"}, "--config"},
      {{"replay", "--format", "list"}, "lackey "},
      {{"replay", "--policy", "list"}, "clock "},
      {{"replay", "--paging", "list"}, "x86-64 "},
  };
  for (const Row& row : rows) {
    const ProgramEnd end = run_program({.args = row.args});
    CHECK(end.status == 0);
    CHECK(end.err.empty());
    CHECK_MESSAGE(end.out.find(row.message) != std::string::npos, end.out, " lacks ", row.message);
  }
}

}  // namespace
}  // namespace faultline::testing
