#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "faultline/report.h"

namespace faultline {
namespace {

// Every number another one.
ReplayReport sample() {
  ReplayReport report;
  report.files = {"traces/sort.lackey.zst"};
  report.format = "lackey";
  report.records = 1'000'010;
  report.config.frames = 256;
  report.config.policy = "clock";
  report.config.seed = 9;
  Stats& stats = report.stats;
  stats.accesses = {.loads = 200'001, .stores = 100'002, .fetches = 700'004, .modifies = 3};
  stats.references = 1'000'123;
  stats.pages_touched = 321;
  stats.tlb = {.l1d = {11, 12}, .l1i = {13, 14}, .l2 = {15, 16}};
  stats.walks = {17, 68};
  stats.faults = {.minor = 21, .major = 22, .segv_maperr = 23, .segv_accerr = 24, .bus_adrerr = 25};
  stats.replacement = {
      .hits = 1'000'092, .misses = 31, .cold_misses = 30, .evictions = 33, .dirty_evictions = 34};
  stats.memory = {.resident_pages = 41,
                  .peak_resident_pages = 42,
                  .inferred_pages = 43,
                  .page_table_pages = 44};
  return report;
}

TEST_CASE("replay report: JSON has the contract's keys in the contract's order, on one line") {
  CHECK(replay_report_json(sample()) ==
        R"({"trace":{"files":["traces/sort.lackey.zst"],"format":"lackey","records":1000010,)"
        R"("accesses":1000010,"loads":200001,"stores":100002,"fetches":700004,"modifies":3,)"
        R"("references":1000123,"pages":321},)"
        R"("config":{"paging":"x86-64","page_size":4096,"frames":256,"policy":"clock",)"
        R"("tlb":"l1d=64x4,l1i=64x8,l2=1536x12","seed":9},)"
        R"("tlb":{"l1d":{"hits":11,"misses":12},"l1i":{"hits":13,"misses":14},)"
        R"("l2":{"hits":15,"misses":16}},)"
        R"("walks":{"count":17,"memory_references":68},)"
        R"("faults":{"minor":21,"major":22,"segv_maperr":23,"segv_accerr":24,"bus_adrerr":25},)"
        R"("replacement":{"hits":1000092,"misses":31,"cold_misses":30,"evictions":33,)"
        R"("dirty_evictions":34},)"
        R"("memory":{"resident_pages":41,"peak_resident_pages":42,"inferred_pages":43,)"
        R"("page_table_pages":44}})");
}

TEST_CASE("replay report: calls are in it where the trace holds such") {
  ReplayReport report = sample();
  CHECK(replay_report_text(report).find("Calls") == std::string::npos);
  report.calls = {.made = 51, .differing = 52};
  const std::string json = replay_report_json(report);
  CHECK(json.find(R"("page_table_pages":44},"calls":{"made":51,"differing":52}})") !=
        std::string::npos);
  const std::string text = replay_report_text(report);
  CHECK(text.find("\nCalls\n  made                                  51\n") != std::string::npos);
  CHECK(text.find("\n    answered otherwise                  52\n") != std::string::npos);
}

TEST_CASE("replay report: JSON says null where there is no limit and no TLB") {
  ReplayReport report = sample();
  report.config.frames.reset();
  report.config.tlb.enabled = false;
  const std::string json = replay_report_json(report);
  CHECK(json.find(R"("frames":null,"policy":"clock","tlb":"none","seed":9},)") !=
        std::string::npos);
  CHECK(json.find(R"("tlb":{"l1d":null,"l1i":null,"l2":null},"walks")") != std::string::npos);
}

TEST_CASE("replay report: JSON says how long it took only when asked") {
  ReplayReport report = sample();
  CHECK(replay_report_json(report).find("host") == std::string::npos);
  report.host = HostTiming{.wall_seconds = 0.5};
  const std::string json = replay_report_json(report);
  CHECK(json.ends_with(R"(,"host":{"wall_seconds":0.5,"accesses_per_second":2000020.0}})"));
  report.host = HostTiming{.wall_seconds = 0};
  CHECK(replay_report_json(report).find(R"("accesses_per_second":0)") != std::string::npos);
}

TEST_CASE("replay report: JSON takes any file name") {
  struct Row {
    std::string_view name;
    std::string_view json;
  };
  const Row rows[] = {
      {"a\"b\\c\n", R"("a\"b\\c\n")"},
      {"\x7f\x01", "\"\x7f\\u0001\""},
      {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
      {"\xf0\x9f\x90\xa7", "\"\xf0\x9f\x90\xa7\""},
      {"\xff", "\"\xc3\xbf\""},                          // never part of UTF-8
      {"x\xc3", "\"x\xc3\x83\""},                        // cut off
      {"\xc0\xaf", "\"\xc3\x80\xc2\xaf\""},              // overlong
      {"\xed\xa0\x80", "\"\xc3\xad\xc2\xa0\xc2\x80\""},  // a surrogate
      {"\xe2\x82"
       "A",
       "\"\xc3\xa2\xc2\x82"
       "A\""},
  };
  for (const Row& row : rows) {
    ReplayReport report;
    report.files = {std::string(row.name)};
    const std::string expected = "{\"trace\":{\"files\":[" + std::string(row.json) + "],";
    CHECK(replay_report_json(report).substr(0, expected.size()) == expected);
  }
}

TEST_CASE("replay report: text") {
  ReplayReport report = sample();
  report.host = HostTiming{.wall_seconds = 0.25};
  CHECK(replay_report_text(report) == R"(Trace                 traces/sort.lackey.zst (lackey)
  records                        1,000,010
  accesses                       1,000,010
    fetches                        700,004     70.00 %
    loads                          200,001     20.00 %
    stores                         100,002     10.00 %
    modifies                             3      0.00 %
  page references                1,000,123
  pages                                321   1.3 MiB

Machine               x86-64, pages of 4 KiB
  memory of 256 frames (1 MiB), policy clock
  TLB l1d=64x4,l1i=64x8,l2=1536x12

TLB
                                      hits              misses   miss rate
  l1d                                   11                  12     52.17 %
  l1i                                   13                  14     51.85 %
  l2                                    15                  16     51.61 %

Page walks
  walks                                 17
  entries read                          68

Page faults
  minor                                 21
  major                                 22
  SIGSEGV SEGV_MAPERR                   23
  SIGSEGV SEGV_ACCERR                   24
  SIGBUS BUS_ADRERR                     25

Replacement
  hits                           1,000,092    100.00 %
  misses                                31      0.00 %
    cold                                30      0.00 %
  evictions                             33
    of dirty pages                      34

Memory
  resident pages                        41   164 KiB
    at the peak                         42   168 KiB
  inferred pages                        43   172 KiB
  page-table pages                      44   176 KiB

Time                  0.25 s, 4.0 M accesses/s
)");
}

TEST_CASE("replay report: text of an empty replay divides by nothing") {
  const std::string text = replay_report_text(ReplayReport{});
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text.find("hits                                   0           -") != std::string::npos);
  CHECK(text.find("memory unlimited") != std::string::npos);
  CHECK(text.find("Time") == std::string::npos);
}

TEST_CASE("replay report: text without a TLB has no TLB section") {
  ReplayReport report = sample();
  report.config.tlb.enabled = false;
  const std::string text = replay_report_text(report);
  CHECK(text.find("  no TLB\n") != std::string::npos);
  CHECK(text.find("l1d") == std::string::npos);
}

TEST_CASE("tlb_spec: as --tlb takes it") {
  CHECK(tlb_spec(TlbOptions{}) == "l1d=64x4,l1i=64x8,l2=1536x12");
  CHECK(tlb_spec(TlbOptions{.l1d = {8, 8}, .l1i = {16, 1}, .l2 = {32, 4}}) ==
        "l1d=8x8,l1i=16x1,l2=32x4");
  CHECK(tlb_spec(TlbOptions{.enabled = false}) == "none");
}

}  // namespace
}  // namespace faultline
