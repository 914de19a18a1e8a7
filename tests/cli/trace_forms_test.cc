// One trace in several forms and files: only trace.files tells the reports apart.
#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/replay_check.h"

namespace faultline::testing {
namespace {

using nlohmann::json;

void shell(const std::string& command) { REQUIRE(std::system(command.c_str()) == 0); }

// The report without the names of the files.
json nameless(std::vector<std::string> args) {
  json report = json::parse(replay(args));
  report.at("trace").erase("files");
  return report;
}

TEST_CASE("forms: text, gzip, xz and zstd of a committed trace differ in trace.files alone") {
  const std::string text = write_file("perl.lackey", "");
  shell(unpack_command("traces/perl.lackey.xz") + " > " + text);
  const std::vector<std::string> options = {"--memory", "300p", "--policy", "clock"};
  const auto report_of = [&](const std::string& file) {
    std::vector<std::string> args = options;
    args.insert(args.begin(), file);
    return replay(args);
  };
  const std::string plain = report_of(text);
  CHECK(json::parse(plain).at("trace").at("accesses") == 6491139);
  CHECK(report_of(text) == plain);
  for (const std::string tool : {"gzip -1", "xz -0", "zstd -1q"}) {
    CAPTURE(tool);
    const std::string packed = text + ".packed";
    shell(tool + " -c < " + text + " > " + packed);
    std::string report = report_of(packed);
    const size_t at = report.find(packed);
    REQUIRE(at != std::string::npos);
    CHECK(report.replace(at, packed.size(), text) == plain);
  }
}

TEST_CASE("forms: files in mixed compressions, one after the other, are one trace") {
  const std::string whole = write_file("whole.lackey", "");
  shell(unpack_command("traces/cg.lackey.gz") + " | head -n 300000 > " + whole);
  const std::string folder = whole.substr(0, whole.rfind('/'));
  shell("cd " + folder +
        " && head -n 100000 whole.lackey | gzip > first"
        " && tail -n +100001 whole.lackey | head -n 100000 | xz -0 > second"
        " && tail -n 100000 whole.lackey > third");
  const std::vector<std::string> parts = {folder + "/first", folder + "/second", folder + "/third"};
  CHECK(nameless(parts) == nameless({whole}));
  CHECK(json::parse(replay(parts)).at("trace").at("files") == parts);
  // One of them from standard input.
  const ProgramEnd end = run_program(
      {.args = {"replay", parts[0], "-", parts[2], "--json"}, .input = read_file(parts[1])});
  REQUIRE(end.status == 0);
  json piped = json::parse(end.out);
  CHECK(piped.at("trace").at("files") == std::vector<std::string>{parts[0], "-", parts[2]});
  piped.at("trace").erase("files");
  CHECK(piped == nameless({whole}));
  // Skip and limit count across the files.
  CHECK(nameless({parts[0], parts[1], parts[2], "--skip", "90000", "--limit", "120000"}) ==
        nameless({whole, "--skip", "90000", "--limit", "120000"}));
}

TEST_CASE("forms: skip and limit cut a packed trace where they cut the text") {
  const std::string text = "traces/cg.lackey.gz";
  for (const std::string filter : {"runs", "off"}) {
    const std::string packed = write_file(filter + ".flt", "");
    REQUIRE(run_program({.args = {"convert", text, packed, "--filter", filter}}).status == 0);
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"--skip", "3000000", "--memory", "50p"},
          {"--skip", "65537", "--limit", "1000001"},
          {"--skip", "400000", "--limit", "900000", "--unmapped", "fault"}}) {
      std::vector<std::string> of_text = {text};
      std::vector<std::string> of_packed = {packed};
      of_text.insert(of_text.end(), options.begin(), options.end());
      of_packed.insert(of_packed.end(), options.begin(), options.end());
      json wanted = nameless(of_text);
      wanted.at("trace").at("format") = "flt";
      CAPTURE(filter);
      CHECK(nameless(of_packed) == wanted);
    }
  }
}

TEST_CASE("forms: nothing is left of a trace that is skipped or limited away") {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--limit", "0"}, {"--skip", "6000000000"}}) {
    std::vector<std::string> args = {"traces/cg.lackey.gz"};
    args.insert(args.end(), options.begin(), options.end());
    const json report = json::parse(replay(args));
    CHECK(report.at("trace").at("accesses") == 0);
    CHECK(report.at("trace").at("pages") == 0);
    CHECK(report.at("memory").at("resident_pages") == 0);
  }
}

TEST_CASE("forms: --paranoid checks and changes nothing") {
  const std::vector<std::string> options = {"traces/sort.lackey.zst", "--limit", "200000",
                                            "--memory", "50p"};
  std::vector<std::string> paranoid = options;
  paranoid.emplace_back("--paranoid");
  CHECK(replay(options) == replay(paranoid));
}

}  // namespace
}  // namespace faultline::testing
