// Miss-ratio curves against replays by LRU: the same references, pages and misses at every size.
#include "faultline/mrc.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "faultline/machine.h"
#include "sim/base/prng.h"
#include "sim/replay/replayer.h"
#include "tests/replay/fake_trace.h"

namespace faultline::replay {
namespace {

constexpr uint64_t kUserEnd = (uint64_t{1} << 47) - 4096;

void check_same(const MissCurve& a, const MissCurve& b) {
  CHECK(a.references == b.references);
  CHECK(a.pages == b.pages);
  CHECK(a.cold_misses == b.cold_misses);
  REQUIRE(a.points.size() == b.points.size());
  for (size_t i = 0; i < a.points.size(); ++i) {
    CHECK(a.points[i].frames == b.points[i].frames);
    CHECK(a.points[i].misses == b.points[i].misses);
  }
}

// Whether the trace comes as accesses or as page runs, whose pages are numbered where it is read.
MrcReport measure(const std::vector<FakeAccess>& accesses, const MrcOptions& options = {},
                  size_t block = 555) {
  FakeTrace trace(accesses, 777);
  auto report = measure_mrc(trace, options);
  REQUIRE(report.ok());
  FakeRuns runs(accesses, block);
  const auto of_runs = measure_mrc(runs, options);
  REQUIRE(of_runs.ok());
  CHECK(of_runs->records == report->records);
  check_same(of_runs->total, report->total);
  REQUIRE(of_runs->processes.size() == report->processes.size());
  for (size_t i = 0; i < report->processes.size(); ++i) {
    CHECK(of_runs->processes[i].pid == report->processes[i].pid);
    check_same(of_runs->processes[i].curve, report->processes[i].curve);
  }
  REQUIRE(of_runs->policies.size() == report->policies.size());
  for (size_t i = 0; i < report->policies.size(); ++i)
    CHECK(of_runs->policies[i].points == report->policies[i].points);
  return *report;
}

Stats replay_lru(const std::vector<FakeAccess>& accesses, uint64_t frames,
                 const MrcOptions& options = {}) {
  FakeTrace trace(accesses);
  auto machine = make_machine({.paging = options.paging,
                               .frames = frames,
                               .contents = Contents::kNone,
                               .unmapped = Unmapped::kMap});
  REQUIRE(machine.ok());
  const auto outcome = replay(trace, **machine, (*machine)->start_empty_process(),
                              {.skip = options.skip, .limit = options.limit});
  REQUIRE(outcome.ok());
  REQUIRE(outcome->end == ReplayEnd::kDone);
  return (*machine)->stats();
}

void check_curve(const MissCurve& curve, const std::vector<FakeAccess>& accesses,
                 const MrcOptions& options = {}) {
  for (const uint64_t frames : {1U, 2U, 5U, 16U, 17U, 18U, 34U, 89U, 150U, 1000U}) {
    CAPTURE(frames);
    const Stats stats = replay_lru(accesses, frames, options);
    CHECK(curve.references == stats.references);
    CHECK(curve.pages == stats.pages_touched);
    CHECK(curve.cold_misses == stats.replacement.cold_misses);
    CHECK(curve.misses_at(frames) == stats.replacement.misses);
  }
  REQUIRE(!curve.points.empty());
  CHECK(curve.points.front().frames == 1);
  CHECK(curve.points.back().misses == curve.cold_misses);
  for (size_t i = 1; i < curve.points.size(); ++i) {
    CHECK(curve.points[i].frames > curve.points[i - 1].frames);
    CHECK(curve.points[i].misses < curve.points[i - 1].misses);
  }
}

AccessKind any_kind(uint64_t random) { return static_cast<AccessKind>(random % 4); }

// Near and far pages, straddles of two pages and of many, addresses that no program can have.
std::vector<FakeAccess> random_accesses(uint64_t seed, size_t count, uint32_t pids) {
  base::Prng random(seed);
  std::vector<FakeAccess> accesses;
  uint32_t pid = pids > 0 ? 100 : 0;
  for (size_t i = 0; i < count; ++i) {
    if (pids > 0 && random.below(50) == 0) pid = 100 + uint32_t(random.below(pids));
    const uint64_t span = random.below(4) == 0 ? 200 : 10;
    Access access{.address = {0x10000 + random.below(span * 4096)},
                  .size_bytes = 8,
                  .kind = any_kind(random.next())};
    const uint64_t odd = random.below(200);
    if (odd == 0) access.size_bytes = kAccessSizeMax;
    if (odd == 1) access.address = {kUserEnd - 4};
    if (odd == 2) access.address = {~uint64_t{0} - 2};
    if (odd == 3) access.address = {0xffff'8000'0000'0000 + random.below(10) * 4096};
    if (odd == 4) access = {.address = {kUserEnd - 2 * 4096}, .size_bytes = 40'000};
    accesses.push_back({access, pid});
  }
  return accesses;
}

TEST_CASE("mrc: one process is as replays by LRU") {
  for (const uint64_t seed : {1U, 2U, 3U}) {
    const std::vector<FakeAccess> accesses = random_accesses(seed, 6'000, 0);
    const MrcReport report = measure(accesses);
    CHECK(report.records == accesses.size());
    CHECK(report.processes.empty());
    CHECK(!report.sampling);
    check_curve(report.total, accesses);
  }
}

TEST_CASE("mrc: several processes share one memory, and each has a curve of its own") {
  const std::vector<FakeAccess> accesses = random_accesses(9, 8'000, 3);
  const MrcReport report = measure(accesses);
  check_curve(report.total, accesses);
  REQUIRE(report.processes.size() == 3);
  for (const ProcessCurve& process : report.processes) {
    CAPTURE(process.pid);
    std::vector<FakeAccess> own;
    for (const FakeAccess& access : accesses)
      if (access.pid == process.pid) own.push_back(access);
    check_curve(process.curve, own);
  }
}

TEST_CASE("mrc: the second process may come late") {
  std::vector<FakeAccess> accesses = random_accesses(4, 3'000, 0);
  for (FakeAccess access : random_accesses(5, 3'000, 0)) {
    access.pid = 7;
    accesses.push_back(access);
  }
  for (const FakeAccess& access : random_accesses(6, 3'000, 0)) accesses.push_back(access);
  const MrcReport report = measure(accesses);
  check_curve(report.total, accesses);
  REQUIRE(report.processes.size() == 2);
  CHECK(report.processes[0].pid == 0);
  CHECK(report.processes[1].pid == 7);
}

TEST_CASE("mrc: runs that come by number") {
  constexpr size_t kBlock = 60'000;
  std::vector<FakeAccess> accesses = scattered_accesses(5 * kBlock);
  const MrcOptions options{.policies = {"lru", "fifo", "clock", "arc"},
                           .policy_frames = {100, 5'000, 19'000}};
  CHECK(measure(accesses, options, kBlock).processes.empty());
  MrcOptions part = options;
  part.skip = kBlock + 5;
  part.limit = 2 * kBlock;
  CHECK(measure(accesses, part, kBlock).records == part.limit);
  MrcOptions larger = options;
  larger.paging = "arm64-16k";
  measure(accesses, larger, kBlock);
  // A page beyond user space; and later a second process.
  accesses[2 * kBlock + 7].access.address = {kUserEnd + 4096};
  for (size_t i = 4 * kBlock; i < accesses.size(); ++i) accesses[i].pid = 3;
  CHECK(measure(accesses, options, kBlock).processes.size() == 2);
}

TEST_CASE("mrc: policies where most runs are of the page of the run before") {
  std::vector<FakeAccess> accesses;
  for (const FakeAccess& one : scattered_accesses(60'000)) {
    accesses.push_back(one);
    accesses.push_back(one);
    accesses.back().access.kind = AccessKind::kStore;
  }
  const MrcReport report =
      measure(accesses, {.policies = {"lru"}, .policy_frames = {100, 5'000, 19'000}}, 60'000);
  for (const PolicyPoint& point : report.policies[0].points) {
    CAPTURE(point.frames);
    CHECK(point.misses == report.total.misses_at(point.frames));
    const Stats stats = replay_lru(accesses, point.frames);
    CHECK(point.evictions == stats.replacement.evictions);
    CHECK(point.dirty_evictions == stats.replacement.dirty_evictions);
  }
}

TEST_CASE("mrc: skip and limit are as in a replay") {
  const std::vector<FakeAccess> accesses = random_accesses(8, 9'000, 2);
  const MrcOptions options{.skip = 1'234, .limit = 5'678};
  const MrcReport report = measure(accesses, options);
  CHECK(report.records == 5'678);
  check_curve(report.total, accesses, options);
}

TEST_CASE("mrc: other paging formats") {
  for (const NamedChoice& paging : paging_names()) {
    CAPTURE(paging.name);
    if (page_size_of({.paging = std::string(paging.name)}).bytes() < 4096) continue;
    const std::vector<FakeAccess> accesses = random_accesses(11, 4'000, 0);
    const MrcOptions options{.paging = std::string(paging.name)};
    check_curve(measure(accesses, options).total, accesses, options);
  }
}

TEST_CASE("mrc: a trace without a reference") {
  const MrcReport empty = measure({});
  CHECK(empty.total.points == std::vector<MissPoint>{{.frames = 1, .misses = 0}});
  const MrcReport beyond = measure({{{.address = {~uint64_t{0}}}, 0}});
  CHECK(beyond.records == 1);
  CHECK(beyond.total.references == 0);
  CHECK(beyond.total.points == std::vector<MissPoint>{{.frames = 1, .misses = 0}});
}

TEST_CASE("mrc: the sample of all pages is exact") {
  const std::vector<FakeAccess> accesses = random_accesses(12, 20'000, 2);
  const MrcReport exact = measure(accesses);
  for (const MrcOptions& options :
       {MrcOptions{.sample_rate = 1.0}, MrcOptions{.sample_pages = 100'000}}) {
    const MrcReport sampled = measure(accesses, options);
    REQUIRE(sampled.sampling);
    CHECK(sampled.sampling->rate == 1);
    CHECK(sampled.sampling->pages == exact.total.pages);
    CHECK(sampled.total.references == exact.total.references);
    CHECK(sampled.total.points == exact.total.points);
    CHECK(sampled.processes.size() == exact.processes.size());
  }
}

// 20,000 pages, the lower ones more often.
std::vector<FakeAccess> skewed_accesses() {
  base::Prng random(3);
  std::vector<FakeAccess> accesses;
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t page = random.below(1 + random.below(20'000));
    accesses.push_back({{.address = {page * 4096}, .size_bytes = 1}, 0});
  }
  return accesses;
}

double mean_error(const MissCurve& exact, const MissCurve& estimate) {
  double sum = 0;
  for (uint64_t frames = 200; frames <= exact.pages; frames += 200)
    sum += std::abs(double(exact.misses_at(frames)) - double(estimate.misses_at(frames)));
  return sum / double(exact.pages / 200) / double(exact.references);
}

TEST_CASE("mrc: a sample that no page is in says nothing, and so") {
  FakeTrace trace({FakeAccess{.access{.address{0x1000}}}});
  const auto report = measure_mrc(trace, {.sample_rate = 1e-9});
  REQUIRE(!report.ok());
  CHECK(report.error().message == "no page of the trace is in the sample: its rate is too low");
}

TEST_CASE("mrc: samples are near, and say how near; the seed chooses them") {
  const std::vector<FakeAccess> accesses = skewed_accesses();
  const MrcReport exact = measure(accesses);
  for (const uint64_t seed : {1U, 2U, 3U}) {
    for (MrcOptions options : {MrcOptions{.sample_rate = 0.1}, MrcOptions{.sample_pages = 2'000}}) {
      CAPTURE(seed);
      CAPTURE(options.sample_pages.value_or(0));
      options.seed = seed;
      const MrcReport sampled = measure(accesses, options);
      REQUIRE(sampled.sampling);
      const double error = mean_error(exact.total, sampled.total);
      CAPTURE(error);
      CAPTURE(sampled.sampling->standard_error);
      CHECK(error < 0.05);
      CHECK(error > 0);
      CHECK(error < 4 * sampled.sampling->standard_error);
      CHECK(sampled.sampling->standard_error < 0.02);
      CHECK(sampled.sampling->standard_error <= sampled.sampling->standard_error_max);
      CHECK(std::abs(double(sampled.total.pages) / double(exact.total.pages) - 1) < 0.1);
      CHECK(sampled.sampling->rate == doctest::Approx(0.1).epsilon(0.1));
      if (options.sample_pages) CHECK(sampled.sampling->pages <= 2'000);
      CHECK(measure(accesses, options).total.points == sampled.total.points);
      options.seed += 100;
      CHECK(measure(accesses, options).total.points != sampled.total.points);
    }
  }
}

TEST_CASE("mrc: more pages than there may be are told, exact or sampled, of one process or all") {
  for (const uint32_t pids : {0U, 3U}) {
    const std::vector<FakeAccess> accesses = random_accesses(9, 20'000, pids);
    const MrcReport whole = measure(accesses);
    CHECK_FALSE(whole.too_many_pages);
    uint64_t pages = whole.total.pages;
    CHECK_FALSE(measure(accesses, {.pages_max = pages}).too_many_pages);
    CHECK(measure(accesses, {.pages_max = pages}).total.points == whole.total.points);
    CHECK(measure(accesses, {.pages_max = pages - 1}).too_many_pages);
    CHECK(measure(accesses, {.pages_max = 0}).too_many_pages);
    // Of a sample it is the sample's pages that count.
    CHECK_FALSE(measure(accesses, {.sample_rate = 1, .pages_max = pages}).too_many_pages);
    CHECK(measure(accesses, {.sample_rate = 1, .pages_max = pages - 1}).too_many_pages);
    CHECK_FALSE(measure(accesses, {.sample_rate = 0.2, .pages_max = pages / 2}).too_many_pages);
    CHECK_FALSE(measure(accesses, {.sample_pages = 20, .pages_max = 20}).too_many_pages);
  }
}

}  // namespace
}  // namespace faultline::replay
