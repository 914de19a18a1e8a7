// `faultline convert`, and --salvage.
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
using Args = std::vector<std::string>;

ProgramEnd convert(Args args) {
  args.insert(args.begin(), "convert");
  return run_program({.args = std::move(args)});
}

void convert_well(Args args) {
  const ProgramEnd end = convert(std::move(args));
  CHECK(end.status == 0);
  CHECK(end.out == "");
  CHECK(end.err == "");
}

// The report without what tells the forms of one trace apart.
json report_of(Args args) {
  json report = json::parse(replay(args));
  report.at("trace").erase("files");
  report.at("trace").erase("format");
  return report;
}

std::string in_folder(const std::string& name) { return write_file(name, ""); }

TEST_CASE("convert: every committed trace replays as before, with both filters") {
  const std::string limit = kSanitized ? "300000" : "100000000";
  for (const std::string& trace : committed_traces()) {
    CAPTURE(trace);
    const json original =
        report_of({trace, "--memory", "200p", "--policy", "clock", "--limit", limit});
    const std::string flt = in_folder("all.flt");
    for (const std::string filter : {"off", "runs"}) {
      CAPTURE(filter);
      convert_well({"--filter", filter, trace, flt});
      CHECK(report_of({flt, "--memory", "200p", "--policy", "clock", "--limit", limit}) ==
            original);
    }
  }
}

TEST_CASE("convert: to flt and back gives the same text") {
  const std::string text = write_file("loads.lackey", lackey_loads(5000));
  const std::string flt = in_folder("loads.flt");
  const std::string back = in_folder("back.lackey");
  convert_well({text, flt});
  convert_well({flt, back});
  CHECK(read_file(back) == read_file(text));
}

TEST_CASE("convert: several traces, --skip and --limit, standard input and output") {
  const std::string first = write_file("first.lackey", lackey_loads(3000));
  const std::string second = write_file("second.lackey", lackey_loads(2000));
  const ProgramEnd joined = run_program(
      {.args = {"convert", first, "-", "--to", "lackey", "-"}, .input = read_file(second)});
  CHECK(joined.status == 0);
  CHECK(joined.out == read_file(first) + read_file(second));
  const ProgramEnd piped = run_program(
      {.args = {"convert", "-", "-", "--skip", "1999", "--limit", "3", "--to", "lackey"},
       .input = read_file(second) + read_file(first)});
  CHECK(piped.status == 0);
  const std::string lines = read_file(second) + read_file(first);
  CHECK(piped.out.size() > 0);
  CHECK(lines.find(piped.out) != std::string::npos);
  CHECK(std::count(piped.out.begin(), piped.out.end(), '\n') == 3);
  // From blocks that are passed over, too.
  const std::string whole = in_folder("whole.flt");
  convert_well({"traces/cg.lackey.gz", whole});
  const std::string text = in_folder("part.lackey");
  const std::string other = in_folder("other.lackey");
  convert_well({whole, text, "--skip", "1000000", "--limit", "70000"});
  convert_well({"traces/cg.lackey.gz", other, "--skip", "1000000", "--limit", "70000"});
  CHECK(read_file(text) == read_file(other));
  CHECK(read_file(text).size() > 700'000);
}

TEST_CASE("convert: a trace of runs stays one unless it is told otherwise") {
  const std::string runs = in_folder("runs.flt");
  const std::string again = in_folder("again.flt");
  convert_well({"--filter", "runs", "--limit", "100000", "traces/cg.lackey.gz", runs});
  convert_well({runs, again});
  // All but who made it.
  const std::string a = read_file(runs);
  const std::string b = read_file(again);
  CHECK(a.substr(a.find("\xf1"
                        "BLK"))
            .substr(0, 1000) == b.substr(b.find("\xf1"
                                                "BLK"))
                                    .substr(0, 1000));
  convert_well({"--filter", "off", runs, again});
  CHECK(report_of({again}) == report_of({runs}));
  CHECK(read_file(again).size() > a.size());
}

TEST_CASE("convert: usage and input that are wrong end with status 2, and leave no file") {
  const std::string good = write_file("good.lackey", " L 00001000,1\n S 00002000,8\n");
  const std::string bad = write_file("bad.lackey", lackey_loads(100) + "nonsense\n");
  const std::string out = write_file("out.flt", "old");
  struct Case {
    Args args;
    std::string error;
  };
  const std::vector<Case> cases = {
      {{good}, "convert: a TRACE and an OUT have to be named; see 'faultline --help'"},
      {{"nosuch", out}, "nosuch: cannot be opened: No such file or directory"},
      {{bad, out}, bad + ":101:1: expected I, or a space and L, S or M"},
      {{good, "nosuch/out.flt"}, "nosuch/out.flt: cannot be created: No such file or directory"},
      {{good, out, "--filter", "most"}, "--filter: 'most' is not 'runs' or 'off'"},
      {{good, "x.din", "--filter", "runs"},
       "--filter: only flt can hold runs, and x.din is to be din"},
      {{good, out, "--skip", "x"}, "--skip: 'x' is not a count"},
      {{good, out, "--to", "perfetto"},
       "no trace can be written as 'perfetto'; there are: flt, lackey, hexrw, ostep, pinatrace, "
       "din, champsim, drmemtrace, perf, oraclegeneral, csv, plain"},
      {{good, out, "--to", "din"},
       out + ": din cannot hold the sizes of this trace (access 2); --lossy leaves them out"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.error);
    const ProgramEnd end = convert(each.args);
    CHECK(end.status == 2);
    CHECK(end.out == "");
    CHECK(end.err == "faultline: " + each.error + "\n");
    CHECK(read_file(out) == "old");
  }
}

TEST_CASE("convert: what it writes as drmemtrace is taken for nothing else") {
  std::string view;
  for (int i = 1; i <= 200; ++i) {
    const std::string number = std::to_string(i);
    view += number + " " + number + ": T40000 read 8 byte(s) @ 0x7fff00" + std::to_string(100 + i) +
            "0\n";
  }
  const std::string text = write_file("loads.view", view);
  const std::string binary = in_folder("loads.drmemtrace");
  convert_well({text, binary});
  CHECK(report_of({binary}) == report_of({text}));
}

TEST_CASE("convert: traces in several formats become one") {
  const std::string lackey = write_file("mixed.lackey", "I  00001000,4\n S 00002000,8\n");
  const std::string din = write_file("mixed.din", "2 3000\n0 4000\n");
  const std::string out = in_folder("mixed.flt");
  convert_well({lackey, din, lackey, out});
  CHECK(report_of({out}) == report_of({lackey, din, lackey}));
  CHECK(json::parse(replay({lackey, din, lackey})).at("trace").at("format") == "lackey, din");
  CHECK(json::parse(replay({lackey, din})).at("trace").at("accesses") == 4);
}

TEST_CASE("convert: a full disk is status 3, a closed pipe is none of its business") {
  const std::string trace = write_file("pipe.lackey", lackey_loads(20000));
  const ProgramEnd full = convert({trace, "/dev/full"});
  CHECK(full.status == 3);
  CHECK(full.err == "faultline: /dev/full: cannot be written: No space left on device\n");
  const ProgramEnd end =
      run_program({.args = {"convert", trace, "-", "--to", "lackey"}, .output_file = "/dev/full"});
  CHECK(end.status == 3);
  CHECK(end.err == "faultline: standard output: cannot be written: No space left on device\n");
}

TEST_CASE("salvage: a replay of a damaged trace reports what could be read, and says so") {
  const std::string flt = in_folder("undamaged.flt");
  convert_well({"traces/cg.lackey.gz", flt});
  std::string bytes = read_file(flt);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  const std::string damaged = write_file("damaged.flt", bytes);
  const ProgramEnd refused = run_program({.args = {"replay", damaged, "--json"}});
  CHECK(refused.status == 2);
  CHECK(refused.out == "");
  CHECK(refused.err.find(" is damaged: its data does not match its CRC-32") != std::string::npos);
  const ProgramEnd salvaged = run_program({.args = {"replay", damaged, "--json", "--salvage"}});
  CHECK(salvaged.status == 0);
  CHECK(salvaged.err.starts_with("faultline: warning: left out: " + damaged + ": byte "));
  const json report = json::parse(salvaged.out);
  CHECK(report.at("trace").at("accesses") == 5858197 - 65536);
  REQUIRE(report.at("trace").at("damage").size() == 1);
  CHECK(salvaged.err == "faultline: warning: left out: " +
                            report.at("trace").at("damage").at(0).get<std::string>() + "\n");
  // A whole trace is told as ever.
  CHECK(json::parse(replay({flt, "--salvage"})).at("trace").count("damage") == 0);
}

TEST_CASE("salvage: a trace in another format is read up to what is wrong") {
  const std::string bad =
      write_file("late.lackey", lackey_loads(100) + "nonsense\n" + lackey_loads(50));
  CHECK(run_program({.args = {"replay", bad}}).status == 2);
  const ProgramEnd end = run_program({.args = {"replay", bad, "--json", "--salvage"}});
  CHECK(end.status == 0);
  CHECK(json::parse(end.out).at("trace").at("accesses") == 100);
  CHECK(end.err ==
        "faultline: warning: left out: " + bad + ":101:1: expected I, or a space and L, S or M\n");
  const std::string out = in_folder("salvaged.lackey");
  const ProgramEnd converted = convert({bad, out, "--salvage"});
  CHECK(converted.status == 0);
  CHECK(read_file(out) == lackey_loads(100));
  CHECK(converted.err == end.err);
}

TEST_CASE("salvage: a trace that is damaged near its beginning needs no --format") {
  const std::string bad = write_file("early.lackey", lackey_loads(2) + "xx\n");
  const ProgramEnd refused = run_program({.args = {"replay", bad}});
  CHECK(refused.status == 2);
  CHECK(refused.err.find(bad + ":3:1: is not a trace in a known format (as lackey: ") !=
        std::string::npos);
  const ProgramEnd end = run_program({.args = {"replay", bad, "--json", "--salvage"}});
  CHECK(end.status == 0);
  CHECK(json::parse(end.out).at("trace").at("accesses") == 2);
  CHECK(end.err ==
        "faultline: warning: left out: " + bad + ":3:1: expected I, or a space and L, S or M\n");
  const std::string out = in_folder("early-salvaged.lackey");
  CHECK(convert({bad, out, "--salvage"}).status == 0);
  CHECK(read_file(out) == lackey_loads(2));
}

}  // namespace
}  // namespace faultline::testing
