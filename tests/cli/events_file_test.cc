// `replay --events FILE`: the whole of a short log, line by line (docs/events.md).
#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/cli/program.h"

namespace faultline::testing {
namespace {

using nlohmann::json;

constexpr const char* kTrace =
    " L 01000008,8\n"
    " S 01000010,8\n"          // the first store walks
    " L 01000ffc,8\n"          // straddles: the second page is new
    "I  01002000,4\n"          // two frames: the first page goes, and is dirty
    " L ffff800000000000,8\n"  // the kernel's
    " M 01000008,8\n";         // back again, from swap

constexpr const char* kLog =
    R"({"tick":0,"event":"tlb_miss","pid":1,"address":"0x1000008","value":0}
{"tick":0,"event":"walk","pid":1,"address":"0x1000008","value":1}
{"tick":0,"event":"page_fault","pid":1,"address":"0x1000008","value":4}
{"tick":0,"event":"minor_fault","pid":1,"address":"0x1000008","value":0}
{"tick":0,"event":"walk","pid":1,"address":"0x1000008","frame":1,"value":4}
{"tick":0,"event":"walk","pid":1,"address":"0x1000010","frame":1,"value":4}
{"tick":0,"event":"tlb_miss","pid":1,"address":"0x1001000","value":0}
{"tick":0,"event":"walk","pid":1,"address":"0x1001000","value":4}
{"tick":0,"event":"page_fault","pid":1,"address":"0x1001000","value":4}
{"tick":0,"event":"minor_fault","pid":1,"address":"0x1001000","value":0}
{"tick":0,"event":"walk","pid":1,"address":"0x1001000","frame":2,"value":4}
{"tick":0,"event":"tlb_miss","pid":1,"address":"0x1002000","value":0}
{"tick":0,"event":"walk","pid":1,"address":"0x1002000","value":4}
{"tick":0,"event":"page_fault","pid":1,"address":"0x1002000","value":20}
{"tick":0,"event":"evict","pid":1,"address":"0x1000000","frame":1,"value":1}
{"tick":0,"event":"minor_fault","pid":1,"address":"0x1002000","value":0}
{"tick":0,"event":"walk","pid":1,"address":"0x1002000","frame":1,"value":4}
{"tick":0,"event":"page_fault","pid":1,"address":"0xffff800000000000","value":0}
{"tick":0,"event":"signal","pid":1,"address":"0xffff800000000000","value":0}
{"tick":0,"event":"tlb_miss","pid":1,"address":"0x1000008","value":0}
{"tick":0,"event":"walk","pid":1,"address":"0x1000008","value":4}
{"tick":0,"event":"page_fault","pid":1,"address":"0x1000008","value":6}
{"tick":0,"event":"evict","pid":1,"address":"0x1001000","frame":2,"value":0}
{"tick":0,"event":"major_fault","pid":1,"address":"0x1000008","value":0}
{"tick":0,"event":"walk","pid":1,"address":"0x1000008","frame":2,"value":4}
)";

// The report and the log of one replay.
struct Logged {
  json report;
  std::string log;
};
Logged replay_with_events(std::vector<std::string> args) {
  const std::string file = write_file("events.jsonl", "");
  args.insert(args.begin(), "replay");
  args.insert(args.end(), {"--json", "--events", file});
  const ProgramEnd end = run_program({.args = args});
  REQUIRE_MESSAGE(end.status == 0, end.err);
  return {json::parse(end.out), read_file(file)};
}

TEST_CASE("replay --events: the log of a short trace, to the letter, twice the same") {
  const std::string trace = write_file("short.lackey", kTrace);
  for (int run = 0; run < 2; ++run)
    CHECK(replay_with_events({trace, "--memory", "2p", "--policy", "fifo"}).log == kLog);
}

TEST_CASE("replay --events: '-' is standard output, where the events are alone, or come first") {
  const std::string trace = write_file("short.lackey", kTrace);
  std::vector<std::string> args = {"replay",   trace,  "--memory", "2p",
                                   "--policy", "fifo", "--events", "-"};
  CHECK(run_program({.args = args}).out == kLog);
  args.push_back("--json");
  const std::string both = run_program({.args = args}).out;
  REQUIRE(both.starts_with(kLog));
  CHECK(json::parse(both.substr(std::string_view(kLog).size())).contains("trace"));
}

TEST_CASE("replay --events: what was there stays where the trace is bad") {
  const std::string old = write_file("old.jsonl", "old");
  const std::string bad = write_file("bad.lackey", lackey_loads(100) + "nonsense\n");
  CHECK(run_program({.args = {"replay", bad, "--events", old}}).status == 2);
  CHECK(read_file(old) == "old");
}

TEST_CASE("replay --events: the report is the same with and without") {
  const std::string trace = write_file("short.lackey", kTrace);
  const ProgramEnd without =
      run_program({.args = {"replay", trace, "--memory", "2p", "--policy", "fifo", "--json"}});
  CHECK(replay_with_events({trace, "--memory", "2p", "--policy", "fifo"}).report ==
        json::parse(without.out));
}

TEST_CASE("replay --events: of a real trace, as many lines of a kind as the report counts") {
  const Logged logged = replay_with_events(
      {"traces/sqlite.lackey.zst", "--limit", "200000", "--memory", "60p", "--policy", "clock"});
  std::map<std::string, uint64_t> counts;
  uint64_t dirty = 0;
  std::istringstream log(logged.log);
  for (std::string line; std::getline(log, line);) {
    const json event = json::parse(line);
    const auto name = event.at("event").get<std::string>();
    ++counts[name];
    if (name == "evict") dirty += event.at("value").get<uint64_t>();
  }
  const auto n = [&](const char* pointer) {
    return logged.report.at(json::json_pointer(pointer)).get<uint64_t>();
  };
  CHECK(n("/replacement/evictions") > 100);
  CHECK(counts["evict"] == n("/replacement/evictions"));
  CHECK(dirty == n("/replacement/dirty_evictions"));
  CHECK(counts["tlb_miss"] == n("/tlb/l2/misses"));
  CHECK(counts["walk"] == n("/walks/count"));
  CHECK(counts["minor_fault"] == n("/faults/minor"));
  CHECK(counts["major_fault"] == n("/faults/major"));
  CHECK(counts["page_fault"] == n("/faults/minor") + n("/faults/major"));
}

}  // namespace
}  // namespace faultline::testing
