// `faultline mrc` on the committed traces: at every size that is looked at, the misses are those of
// a replay by LRU.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/replay_check.h"

namespace faultline::testing {
namespace {

// The sanitizers make a replay some ten times slower.
const std::vector<std::string> kHead =
    kSanitized ? std::vector<std::string>{"--limit", "300000"} : std::vector<std::string>{};

nlohmann::json mrc(std::vector<std::string> args) {
  args.insert(args.begin(), "mrc");
  args.emplace_back("--json");
  args.insert(args.end(), kHead.begin(), kHead.end());
  const ProgramEnd end = run_program({.args = args});
  REQUIRE_MESSAGE(end.status == 0, end.err);
  REQUIRE(end.err.empty());
  return nlohmann::json::parse(end.out);
}

uint64_t misses_at(const nlohmann::json& report, uint64_t frames) {
  uint64_t misses = 0;
  for (const auto& point : report.at("curve"))
    if (point.at(0).get<uint64_t>() <= frames) misses = point.at(1).get<uint64_t>();
  return misses;
}

TEST_CASE("mrc: the committed traces, as replays by LRU") {
  const uint64_t sizes[] = {16, 20, 90, 301, 1024};
  for (size_t i = 0; i < committed_traces().size(); ++i) {
    const std::string& trace = committed_traces()[i];
    CAPTURE(trace);
    const nlohmann::json report = mrc({trace});
    for (const uint64_t frames : {sizes[i], uint64_t{1}}) {
      CAPTURE(frames);
      std::vector<std::string> args = {trace, "--memory", std::to_string(frames) + "p"};
      args.insert(args.end(), kHead.begin(), kHead.end());
      const std::string replayed = replay(args);
      CHECK(report.at("references") == number(replayed, "/trace/references"));
      CHECK(report.at("pages") == number(replayed, "/trace/pages"));
      CHECK(report.at("cold_misses") == number(replayed, "/replacement/cold_misses"));
      CHECK(misses_at(report, frames) == number(replayed, "/replacement/misses"));
    }
  }
}

// docs/mrc.md tells these errors.
TEST_CASE("mrc: samples of the committed traces are near the exact curve") {
  for (const std::string& trace : committed_traces()) {
    CAPTURE(trace);
    const nlohmann::json exact = mrc({trace});
    const nlohmann::json sampled = mrc({trace, "--sample", "0.1"});
    CHECK(sampled.at("references") == exact.at("references"));
    const auto references = exact.at("references").get<double>();
    const auto first = sampled.at("curve").at(0).at(0).get<uint64_t>();
    CHECK(first == 10);
    const auto pages = exact.at("pages").get<uint64_t>();
    double sum = 0;
    for (uint64_t i = 1; i <= 100; ++i) {
      const uint64_t frames = std::max(first, pages * i / 100);
      sum += std::abs(double(misses_at(exact, frames)) - double(misses_at(sampled, frames)));
    }
    const double error = sum / 100 / references;
    MESSAGE(trace, ": mean absolute error ", error, ", standard error ",
            sampled.at("sampling").at("standard_error").get<double>());
    CHECK(error < 0.05);
  }
}

TEST_CASE("mrc: the table, the CSV and the chart are of the same curve") {
  const std::string trace = write_file("loads.lackey", lackey_loads(100) + lackey_loads(100));
  const ProgramEnd table = run_program({.args = {"mrc", trace}});
  CHECK(table.status == 0);
  CHECK(table.out.find("          64     256 KiB                 200    100.00 %") !=
        std::string::npos);
  CHECK(table.out.find(
            "         100     400 KiB                 100     50.00 %   cold misses alone") !=
        std::string::npos);
  const ProgramEnd csv = run_program({.args = {"mrc", trace, "--csv"}});
  CHECK(csv.out == "process,frames,misses\nall,1,200\nall,100,100\n");
  for (const std::string name : {"chart.svg", "chart.html"}) {
    const std::string chart = write_file(name, "");
    const ProgramEnd end = run_program({.args = {"mrc", trace, "--json", "--chart", chart}});
    CHECK(end.status == 0);
    CHECK(end.out.starts_with(
        R"({"references":200,"pages":100,"cold_misses":100,"curve":[[1,200],[100,100]],)"));
    CHECK(read_file(chart).find("<path class=\"line\"") != std::string::npos);
  }
}

// The heads of the traces are enough: tests/replay/replacement_test.cc goes through whole ones.
TEST_CASE("mrc --policy: each policy at each size counts as a replay with it") {
  const std::string& trace = committed_traces()[2];
  const std::vector<std::string> alike = {trace, "--limit", "300000", "--seed", "7"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), alike.begin(), alike.end());
    return more;
  };
  const ProgramEnd end =
      run_program({.args = with({"mrc", "--json", "--policy", "lru,clock:enter=0,opt,random",
                                 "--memory", "200p,20p..80p,20p"})});
  REQUIRE_MESSAGE(end.status == 0, end.err);
  const nlohmann::json report = nlohmann::json::parse(end.out);
  REQUIRE(report.at("policies").size() == 4);
  for (const nlohmann::json& policy : report.at("policies")) {
    const auto name = policy.at("policy").get<std::string>();
    CAPTURE(name);
    REQUIRE(policy.at("points").size() == 4);
    for (const nlohmann::json& point : policy.at("points")) {
      const auto frames = point.at("frames").get<uint64_t>();
      CAPTURE(frames);
      const std::string replayed =
          replay(with({"--policy", name, "--memory", std::to_string(frames) + "p"}));
      CHECK(point.at("misses") == number(replayed, "/replacement/misses"));
      CHECK(point.at("evictions") == number(replayed, "/replacement/evictions"));
      CHECK(point.at("dirty_evictions") == number(replayed, "/replacement/dirty_evictions"));
      if (name == "lru") CHECK(point.at("misses") == misses_at(report, frames));
    }
  }
}

TEST_CASE("mrc --policy opt: standard input is read once, and nothing is written to a disk") {
  const std::string text = lackey_loads(9) + lackey_loads(9);
  const std::vector<std::string> args = {"mrc", "-", "--policy", "opt", "--memory", "5p", "--csv"};
  const ProgramEnd end =
      run_program({.args = args, .input = text, .environment = {{"TMPDIR", "/no/such/folder"}}});
  CHECK(end.status == 0);
  // Of nine pages in a row, twice, four of the five that are held first stay for the second round.
  CHECK(end.out == "process,frames,misses,policy\nall,1,18,lru\nall,9,9,lru\nall,5,13,opt\n");
  const ProgramEnd bad = run_program({.args = args, .input = text + " L zz,8\n"});
  CHECK(bad.status == 2);
  CHECK(bad.out.empty());
  CHECK(bad.err.find("-:19:4: ") != std::string::npos);
  CHECK(bad.err.find('\n') == bad.err.size() - 1);
}

TEST_CASE("mrc --policy: the table, the CSV and the chart have a line for each") {
  const std::string trace = write_file("twice.lackey", lackey_loads(100) + lackey_loads(100));
  const std::vector<std::string> args = {"mrc",      trace,    "--policy", "mru,2q:kin=10,kout=20",
                                         "--memory", "80p,50p"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> all = args;
    all.insert(all.end(), more.begin(), more.end());
    return run_program({.args = all});
  };
  const ProgramEnd table = with({});
  CHECK(table.status == 0);
  CHECK(table.out.find("Misses by policy\n"
                       "        frames        size             mru  2q:kin=10,kout=20\n"
                       "            50     200 KiB             150                200\n"
                       "            80     320 KiB             120                200\n") !=
        std::string::npos);
  CHECK(with({"--csv"}).out ==
        "process,frames,misses,policy\nall,1,200,lru\nall,100,100,lru\nall,50,150,mru\n"
        "all,80,120,mru\nall,50,200,\"2q:kin=10,kout=20\"\nall,80,200,\"2q:kin=10,kout=20\"\n");
  const std::string chart = write_file("policies.svg", "");
  CHECK(with({"--json", "--chart", chart}).status == 0);
  CHECK(read_file(chart).find("2q:kin=10,kout=20") != std::string::npos);
}

TEST_CASE("mrc: a bad record ends it, and prints no report") {
  const std::string bad = write_file("bad.lackey", lackey_loads(100) + " L zzz,8\n");
  const ProgramEnd end = run_program({.args = {"mrc", bad}});
  CHECK(end.status == 2);
  CHECK(end.out.empty());
  CHECK(end.err.find("bad.lackey:101:") != std::string::npos);
}

TEST_CASE("mrc: too many pages are status 3, and nothing is printed") {
  const std::string trace = write_file("loads.lackey", lackey_loads(100));
  CHECK(run_program({.args = {"mrc", trace, "--pages-max", "100"}}).status == 0);
  const ProgramEnd end = run_program({.args = {"mrc", trace, "--pages-max", "99"}});
  CHECK(end.status == 3);
  CHECK(end.out == "");
  CHECK(end.err ==
        "faultline: the trace has more than 99 pages, of which no curve can be made; "
        "--sample-pages estimates it from some\n");
  CHECK(run_program({.args = {"mrc", trace, "--pages-max", "99", "--sample-pages", "50"}}).status ==
        0);
}

TEST_CASE("mrc: --salvage reports what can be read, and says what cannot") {
  const std::string bad =
      write_file("late.lackey", lackey_loads(100) + "nonsense\n" + lackey_loads(50));
  CHECK(run_program({.args = {"mrc", bad}}).status == 2);
  const ProgramEnd end = run_program({.args = {"mrc", bad, "--json", "--salvage"}});
  CHECK(end.status == 0);
  const nlohmann::json report = nlohmann::json::parse(end.out);
  CHECK(report.at("references") == 100);
  REQUIRE(report.at("trace").at("damage").size() == 1);
  CHECK(end.err == "faultline: warning: left out: " +
                       report.at("trace").at("damage").at(0).get<std::string>() + "\n");
  const ProgramEnd text = run_program({.args = {"mrc", bad, "--salvage"}});
  CHECK(text.out.find("  left out: " + bad + ":101:1: ") != std::string::npos);
}

}  // namespace
}  // namespace faultline::testing
