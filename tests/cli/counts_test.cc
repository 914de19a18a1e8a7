// What the program counts on the committed traces, against the naive reference, and the rules that
// bind the counters to each other (docs/counting.md).
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/replay_check.h"
#include "tests/naive/naive_reference.h"

namespace faultline::testing {
namespace {

constexpr uint64_t kAccesses = 100'000;
// Of each committed trace: all of them, but where that takes half a minute.
constexpr const char* kTraceAccesses = kSanitized ? "1000000" : "999999999";

void check_rules(const std::string& report) {
  const auto n = [&](const char* pointer) { return number(report, pointer); };
  CHECK(n("/trace/records") == n("/trace/accesses"));
  CHECK(n("/trace/loads") + n("/trace/stores") + n("/trace/fetches") + n("/trace/modifies") ==
        n("/trace/accesses"));
  CHECK(n("/replacement/hits") + n("/replacement/misses") == n("/trace/references"));
  CHECK(n("/replacement/cold_misses") == n("/trace/pages"));
  CHECK(n("/faults/minor") == n("/replacement/cold_misses"));
  CHECK(n("/faults/minor") + n("/faults/major") == n("/replacement/misses"));
  CHECK(n("/replacement/misses") - n("/replacement/evictions") == n("/memory/resident_pages"));
  CHECK(n("/memory/inferred_pages") == n("/trace/pages"));
}

TEST_CASE("counts: the rules hold on every committed trace") {
  for (const std::string& trace : committed_traces()) {
    CAPTURE(trace);
    const auto with = [&](std::vector<std::string> options) {
      options.insert(options.begin(), {trace, "--limit", kTraceAccesses});
      return replay(options);
    };
    check_rules(with({}));
    check_rules(with({"--memory", "100p", "--policy", "fifo", "--tlb", "none"}));
    check_rules(with({"--memory", "37p", "--policy", "clock:enter=0"}));
  }
}

TEST_CASE("counts: the same trace twice, the same bytes; two traces are one after the other") {
  const std::string packed = "traces/perl.lackey.xz";
  const std::vector<std::string> options = {"--limit", "200000", "--memory", "50p"};
  const auto with = [&](std::string file) {
    std::vector<std::string> args = options;
    args.insert(args.begin(), std::move(file));
    return replay(args);
  };
  CHECK(with(packed) == with(packed));
  const std::string text = write_file("loads.lackey", lackey_loads(1000));
  const std::string one = replay({text});
  const std::string two = replay({text, text});
  CHECK(number(two, "/trace/records") == 2 * number(one, "/trace/records"));
  CHECK(number(two, "/trace/pages") == number(one, "/trace/pages"));
}

TEST_CASE("counts: text, gzip, xz and zstd of one trace differ in the file name alone") {
  const std::string text = write_file("loads.lackey", lackey_loads(5000));
  const std::string plain = replay({text, "--memory", "70p"});
  for (const std::string tool : {"gzip", "xz", "zstd -q"}) {
    CAPTURE(tool);
    const std::string packed = text + "." + tool.substr(0, 2);
    REQUIRE(std::system((tool + " -c < " + text + " > " + packed).c_str()) == 0);
    std::string report = replay({packed, "--memory", "70p"});
    const size_t at = report.find(packed);
    REQUIRE(at != std::string::npos);
    CHECK(report.replace(at, packed.size(), text) == plain);
  }
}

TEST_CASE("counts: skip and limit cut the same trace in two") {
  const std::string trace = "traces/sort.lackey.zst";
  const std::string all = replay({trace, "--limit", "300001"});
  const std::string first = replay({trace, "--limit", "100000"});
  const std::string second = replay({trace, "--skip", "100000", "--limit", "200001"});
  for (const char* kind : {"/trace/loads", "/trace/stores", "/trace/fetches", "/trace/modifies"})
    CHECK(number(first, kind) + number(second, kind) == number(all, kind));
}

TEST_CASE("counts: a first store walks, and brings nothing into the TLB") {
  for (const bool store : {true, false}) {
    const std::string trace = write_file(
        "first.lackey", std::string(" L 1000000,4\n L 1002000,4\n ") + (store ? "S" : "L") +
                            " 1000000,4\n L 1001000,4\n L 1003000,4\n L 1000000,4\n");
    const std::string report = replay({trace, "--tlb", "l1d=2x2,l1i=2x2,l2=2x1"});
    CHECK(number(report, "/tlb/l1d/hits") == 1);
    CHECK(number(report, "/tlb/l2/hits") == 0);
    // Each new page twice, then the last load; and the first store.
    CHECK(number(report, "/walks/count") == 4 * 2 + 1 + (store ? 1 : 0));
  }
}

// A trace of many pages with reuse, of all kinds, some straddling pages.
std::string mixed_trace() {
  std::ostringstream trace;
  uint64_t state = 1;
  for (uint64_t i = 0; i < kAccesses; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const uint64_t page = (state >> 40) % (1 + (state >> 33) % 300);
    const char* kind[] = {"I  ", " L ", " S ", " M "};
    trace << kind[(state >> 60) % 4] << std::hex << 0x400000 + page * 4096 + (state >> 50) % 4096
          << std::dec << ",8\n";
  }
  return trace.str();
}

TEST_CASE("counts: equal to the naive reference for every policy at several sizes") {
  const std::string text = mixed_trace();
  const std::string file = write_file("mixed.lackey", text);
  for (const std::string policy : {"lru", "fifo", "clock", "clock:enter=0"}) {
    for (const uint64_t frames : {1u, 2u, 7u, 64u, 200u, 1000u}) {
      CAPTURE(policy);
      CAPTURE(frames);
      naive::Replay reference({naive::make_policy(policy), frames});
      std::istringstream in(text);
      reference.read(in);
      const std::string report =
          replay({file, "--policy", policy, "--memory", std::to_string(frames) + "p"});
      check_equal(report, reference);
      check_rules(report);
    }
  }
}

}  // namespace
}  // namespace faultline::testing
