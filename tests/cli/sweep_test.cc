// `faultline sweep` and `faultline merge`: each document is that of a replay alone, whatever the
// number of threads; LRU misses as `faultline mrc` says; shards together are the whole, byte for
// byte.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/replay_check.h"

namespace faultline::testing {
namespace {

// The sanitizers make a replay some ten times slower.
const std::string kLimit = kSanitized ? "100000" : "1000000";
const std::string kTrace = "traces/sqlite.lackey.zst";

std::string done(std::vector<std::string> args) {
  const ProgramEnd end = run_program({.args = std::move(args)});
  REQUIRE_MESSAGE(end.status == 0, end.err);
  CHECK(end.err.empty());
  return end.out;
}

std::vector<std::string> sweep_args(const std::vector<std::string>& more) {
  std::vector<std::string> args = {"sweep",    kTrace,
                                   "--limit",  kLimit,
                                   "--memory", "20p,300p",
                                   "--policy", "lru,clock:enter=0,fifo,opt",
                                   "--tlb",    "l1d=16x2,l2=128x4;none",
                                   "--paging", "x86-32,arm64-64k"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

TEST_CASE("sweep: each document is that of the replay, in the order of the options") {
  std::string expected;
  for (const std::string memory : {"20p", "300p"})
    for (const std::string policy : {"lru", "clock:enter=0", "fifo", "opt"})
      for (const std::string tlb : {"l1d=16x2,l2=128x4", "none"})
        for (const std::string paging : {"x86-32", "arm64-64k"}) {
          std::string document = replay({kTrace, "--limit", kLimit, "--memory", memory, "--policy",
                                         policy, "--tlb", tlb, "--paging", paging});
          document.pop_back();  // the newline
          expected += (expected.empty() ? "[" : ",") + document;
        }
  CHECK(done(sweep_args({"--json", "--jobs", "1"})) == expected + "]\n");
  CHECK(done(sweep_args({"--json", "--jobs", "2"})) == expected + "]\n");
  CHECK(done(sweep_args({"--json", "--jobs", "7"})) == expected + "]\n");
  CHECK(done(sweep_args({"--json", "--paranoid"})) == expected + "]\n");
}

// Memory without a limit, page sizes that cut a run of accesses differently, and both engines: of
// these machines x86-32's and the file's cannot be replayed from page runs.
TEST_CASE("sweep: page sizes, formats and walk caches are as in replays alone") {
  const std::string file = write_file("small.json", R"({"levels": [16, 20], "page_bits": 10})");
  const std::string flat = write_file("flat.json", R"({"levels": [16, 16, 6], "page_bits": 10})");
  CHECK(run_program({.args = {"sweep", kTrace, "--paging", "x86-64," + file}}).status == 2);
  const std::vector<std::string> pagings = {"x86-64", "arm64-16k", "x86-32", flat};
  std::string expected;
  for (const std::string walk_cache : {"none", "pde=8x8"})
    for (const std::string& paging : pagings) {
      std::string document =
          replay({kTrace, "--limit", "200000", "--walk-cache", walk_cache, "--paging", paging});
      document.pop_back();  // the newline
      expected += (expected.empty() ? "[" : ",") + document;
    }
  CHECK(done({"sweep", kTrace, "--limit", "200000", "--walk-cache", "none;pde=8x8", "--paging",
              "x86-64,arm64-16k,x86-32," + flat, "--json"}) == expected + "]\n");
}

TEST_CASE("sweep: 50 sizes of LRU are as the miss-ratio curve says") {
  for (const std::string& trace : committed_traces()) {
    CAPTURE(trace);
    std::vector<std::string> head;
    if (kSanitized) head = {"--limit", kLimit};
    std::vector<std::string> args = {"sweep", trace, "--memory", "1p..600p/50", "--json"};
    args.insert(args.end(), head.begin(), head.end());
    const auto documents = nlohmann::json::parse(done(args));
    REQUIRE(documents.size() == 50);
    args = {"mrc", trace, "--csv"};
    args.insert(args.end(), head.begin(), head.end());
    const std::string csv = done(args);
    const auto misses_at = [&](uint64_t frames) {
      uint64_t misses = 0;
      for (size_t at = csv.find('\n') + 1; at < csv.size(); at = csv.find('\n', at) + 1) {
        unsigned long long size = 0;
        unsigned long long count = 0;
        REQUIRE(std::sscanf(csv.c_str() + at, "all,%llu,%llu", &size, &count) == 2);
        if (size <= frames) misses = count;
      }
      return misses;
    };
    for (const auto& document : documents) {
      const uint64_t frames = document.at("config").at("frames").get<uint64_t>();
      CAPTURE(frames);
      CHECK(document.at("replacement").at("misses").get<uint64_t>() == misses_at(frames));
    }
  }
}

TEST_CASE("sweep: three shards merged are the whole, byte for byte") {
  std::vector<std::string> shards;
  for (const std::string number : {"1", "2", "3"})
    shards.push_back(
        write_file("shard" + number + ".json", done(sweep_args({"--shard", number + "/3"}))));
  for (const std::vector<std::string>& show : {std::vector<std::string>{}, {"--json"}, {"--csv"}}) {
    std::vector<std::string> args = {"merge", shards[1], shards[2], shards[0]};
    args.insert(args.end(), show.begin(), show.end());
    CHECK(done(args) == done(sweep_args(show)));
  }
  const std::string whole = write_file("whole.svg", "");
  const std::string merged = write_file("merged.svg", "");
  done(sweep_args({"--chart", whole}));
  done({"merge", shards[0], shards[1], shards[2], "--chart", merged});
  CHECK(read_file(whole) == read_file(merged));
  CHECK(read_file(whole).find("clock:enter=0") != std::string::npos);
}

void check_refused(std::vector<std::string> args, std::string_view message) {
  const ProgramEnd end = run_program({.args = std::move(args)});
  CHECK(end.status == 2);
  CHECK(end.out.empty());
  CHECK_MESSAGE(end.err.find(message) != std::string::npos, end.err, " lacks ", message);
}

TEST_CASE("merge: a shard that is missing, there twice, of another sweep or none is named") {
  const std::string trace = write_file("ten.lackey", lackey_loads(10));
  const auto shard = [&](const std::string& of, const std::string& memory) {
    static int files = 0;
    return write_file("part" + std::to_string(files++) + ".json",
                      done({"sweep", trace, "--memory", memory, "--shard", of}));
  };
  const std::string a = shard("1/3", "1p..8p");
  const std::string b = shard("2/3", "1p..8p");
  const std::string c = shard("3/3", "1p..8p");
  check_refused({"merge", a, c}, "shard 2 of 3 is missing");
  check_refused({"merge", b}, "shard 1 of 3 is missing");
  check_refused({"merge", a, b, c, b}, b + ": is shard 2 of 3, as " + b + " is");
  check_refused({"merge", a, shard("2/3", "1p..4p"), c}, "is of another sweep than " + a);
  check_refused({"merge", a, trace}, "ten.lackey: is not the output of a shard");
  check_refused({"merge", write_file("array.json", "[]")}, "is not the output of a shard");
  std::string cut = read_file(a);
  const size_t second = cut.find(",[3,");
  REQUIRE(second != std::string::npos);
  cut = cut.substr(0, second) + "]}\n";
  check_refused({"merge", write_file("cut.json", cut), b, c}, "lacks configuration 3");
  // The trace is another one by now, though its name is not.
  write_file("ten.lackey", lackey_loads(9));
  check_refused({"merge", a, shard("2/3", "1p..8p"), c}, "is of another trace than " + a);
  write_file("ten.lackey", lackey_loads(10));
  std::string stopped = read_file(b);
  stopped.insert(stopped.find(",\"documents\""), ",\"interrupted\":true");
  check_refused({"merge", a, write_file("stopped.json", stopped), c},
                "stopped.json: is of a sweep that was interrupted");
  std::string damaged = read_file(a);
  damaged.insert(damaged.find("\"misses\":") + 9, "-");
  check_refused({"merge", write_file("damaged.json", damaged), b, c},
                "is not the output of a shard");
  // More shards than configurations: some are empty.
  CHECK(done({"merge", shard("2/3", "1p,2p"), shard("1/3", "1p,2p"), shard("3/3", "1p,2p"),
              "--csv"}) == done({"sweep", trace, "--memory", "1p,2p", "--csv"}));
}

TEST_CASE("sweep: sizes are lists and ranges") {
  const std::string trace = write_file("ten.lackey", lackey_loads(10));
  const auto frames = [&](const std::string& memory) {
    std::string all;
    for (const auto& document :
         nlohmann::json::parse(done({"sweep", trace, "--memory", memory, "--json"})))
      all += document.at("config").at("frames").dump() + " ";
    return all;
  };
  CHECK(frames("3p,8K") == "3 2 ");
  CHECK(frames("3p..20p") == "3 6 12 20 ");
  CHECK(frames("4p..16p") == "4 8 16 ");
  CHECK(frames("5p..5p") == "5 ");
  CHECK(frames("1p..10p/4") == "1 4 7 10 ");
  CHECK(frames("1p..3p/9") == "1 2 3 ");
  CHECK(frames("4K..64K,unlimited") == "1 2 4 8 16 null ");
  CHECK(frames("1p..1G/2") == "1 262144 ");
}

TEST_CASE("sweep: what is wrong is named") {
  const std::string trace = write_file("ten.lackey", lackey_loads(10));
  const std::string bad = write_file("bad.lackey", lackey_loads(100) + " L zzz,8\n");
  check_refused({"sweep"}, "sweep: no TRACE");
  check_refused({"merge"}, "merge: no SHARD");
  check_refused({"sweep", "/nonexistent"}, "/nonexistent: ");
  check_refused({"sweep", bad, "--memory", "1p..64p"}, "bad.lackey:101:");
  check_refused({"sweep", trace, "--memory", "8p..4p"}, "--memory: '8p..4p' goes down");
  check_refused({"sweep", trace, "--memory", "8p..64p/1"}, "--memory: '8p..64p/1'");
  check_refused({"sweep", trace, "--memory", "8p,"}, "--memory: ''");
  check_refused({"sweep", trace, "--policy", "lru,lrx"}, "--policy: no policy is named 'lrx'");
  check_refused({"sweep", trace, "--policy", "lru,opt:x=1"}, "--policy: ");
  check_refused({"sweep", trace, "--tlb", "none;l9=1x1"}, "--tlb: 'l9=1x1'");
  check_refused({"sweep", trace, "--paging", "x86-64,vax"}, "--paging: no format is named 'vax'");
  check_refused({"sweep", trace, "--jobs", "0"}, "--jobs: must be at least 1");
  check_refused({"sweep", trace, "--shard", "4/3"}, "--shard: '4/3'");
  check_refused({"sweep", trace, "--shard", "1/3", "--csv"}, "'faultline merge'");
  check_refused({"sweep", trace, "--json", "--csv"}, "either --json or --csv");
  check_refused({"sweep", trace, "--chart", "a.gif"}, "--chart: 'a.gif'");
  check_refused({"sweep", trace, "--memory", "1p..9999p/700", "--policy", "lru,fifo"},
                "more than 1024 configurations");
}

TEST_CASE("sweep: --salvage is that of each replay, with opt too") {
  const std::string bad =
      write_file("late.lackey", lackey_loads(100) + "nonsense\n" + lackey_loads(50));
  std::string expected;
  for (const std::string policy : {"lru", "opt"}) {
    const ProgramEnd alone = run_program(
        {.args = {"replay", bad, "--json", "--salvage", "--memory", "20p", "--policy", policy}});
    REQUIRE(alone.status == 0);
    CHECK(alone.out.find("\"damage\":[") != std::string::npos);
    expected += (expected.empty() ? "[" : ",") + alone.out.substr(0, alone.out.size() - 1);
  }
  const ProgramEnd end = run_program(
      {.args = {"sweep", bad, "--json", "--salvage", "--memory", "20p", "--policy", "lru,opt"}});
  CHECK(end.status == 0);
  CHECK(end.out == expected + "]\n");
  CHECK(end.err.starts_with("faultline: warning: left out: " + bad + ":101:1: "));
}

TEST_CASE("sweep: progress is shown where it is asked for, and goes") {
  const std::vector<std::string> args = {"sweep",    kTrace,     "--policy", "lru,opt",
                                         "--memory", "20p,300p", "--limit",  "3000000"};
  const auto err_with = [&args](const std::string& option) {
    std::vector<std::string> all = args;
    all.push_back(option);
    return run_program({.args = all}).err;
  };
  CHECK(err_with("--no-progress").empty());
  CHECK(err_with("--progress").ends_with("\r\033[K"));
}

}  // namespace
}  // namespace faultline::testing
