// A sweep against replays one by one, by both engines, and what becomes of it when the trace fails.
#include "faultline/sweep.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "faultline/machine.h"
#include "faultline/report.h"
#include "sim/base/prng.h"
#include "sim/replay/engine.h"
#include "tests/replay/fake_trace.h"

namespace faultline::replay {
namespace {

std::vector<FakeAccess> random_accesses(size_t count) {
  base::Prng random(5);
  std::vector<FakeAccess> accesses;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t span = random.below(8) == 0 ? 300 : 12;
    const Access access{.address = {0x100000 + random.below(span * 4096)},
                        .size_bytes = 16,
                        .kind = static_cast<AccessKind>(random.below(4))};
    accesses.push_back({access, static_cast<uint32_t>(i / 5000 % 3)});
  }
  return accesses;
}

// Sizes of memory; with a paranoid interval it is Machine that replays, else RunMachine.
struct Engines {
  bool machines;
  bool runs;
};
std::vector<MachineOptions> configurations(Engines engines) {
  std::vector<MachineOptions> all;
  for (const uint64_t frames : {20U, 50U, 200U}) {
    MachineOptions options{
        .frames = frames, .contents = Contents::kNone, .unmapped = Unmapped::kMap};
    if (engines.runs) all.push_back(options);
    options.paranoid_interval = 100'000;
    if (engines.machines) all.push_back(options);
  }
  return all;
}

std::string document(const MachineOptions& options, uint64_t records, const Stats& stats) {
  return replay_report_json({.files = {},
                             .format = "fake",
                             .records = records,
                             .page_size = page_size_of(options).bytes(),
                             .config = options,
                             .stats = stats});
}

std::string alone(const std::vector<FakeAccess>& accesses, const MachineOptions& options,
                  const SweepOptions& sweep) {
  FakeTrace trace(accesses);
  auto engine = make_engine({.machine = options}, trace);
  REQUIRE(engine.ok());
  const auto outcome = (*engine)->replay(trace, {.skip = sweep.skip, .limit = sweep.limit});
  REQUIRE(outcome.ok());
  return document(options, outcome->records, (*engine)->stats());
}

TEST_CASE("sweep: as replays one by one, by both engines, with any number of threads") {
  const std::vector<FakeAccess> accesses = random_accesses(60'000);
  for (const Engines engines : {Engines{true, true}, {true, false}, {false, true}}) {
    for (const unsigned jobs : {1U, 2U, 16U}) {
      CAPTURE(engines.machines);
      CAPTURE(engines.runs);
      CAPTURE(jobs);
      const SweepOptions options{
          .configurations = configurations(engines), .skip = 1'111, .limit = 44'444, .jobs = jobs};
      FakeTrace trace(accesses, 700);
      const auto outcome = sweep_trace(trace, options);
      REQUIRE(outcome.ok());
      CHECK(outcome->end == SweepEnd::kDone);
      REQUIRE(outcome->replays.size() == options.configurations.size());
      for (size_t i = 0; i < outcome->replays.size(); ++i)
        CHECK(replay_report_json(outcome->replays[i]) ==
              alone(accesses, options.configurations[i], options));
    }
  }
}

TEST_CASE("sweep: runs that come by number, and larger pages, which cannot") {
  constexpr size_t kBlock = 60'000;
  std::vector<FakeAccess> accesses = scattered_accesses(4 * kBlock);
  for (size_t i = 3 * kBlock; i < accesses.size(); ++i) accesses[i].pid = 3;
  std::vector<MachineOptions> all;
  for (const char* policy : {"lru", "clock", "arc"})
    for (const uint64_t frames : {30U, 4'000U, 18'000U})
      all.push_back({.frames = frames,
                     .policy = policy,
                     .contents = Contents::kNone,
                     .unmapped = Unmapped::kMap});
  for (const bool larger : {false, true}) {
    if (larger) all.push_back({.paging = "arm64-16k", .frames = 500});
    all.back().contents = Contents::kNone;
    all.back().unmapped = Unmapped::kMap;
    for (const uint64_t skip : {size_t{0}, kBlock + 17}) {
      CAPTURE(larger);
      CAPTURE(skip);
      const SweepOptions options{.configurations = all, .skip = skip, .jobs = 2};
      FakeRuns runs(accesses, kBlock);
      const auto outcome = sweep_trace(runs, options);
      REQUIRE(outcome.ok());
      for (size_t i = 0; i < all.size(); ++i) {
        CAPTURE(i);
        const std::string expected = alone(accesses, all[i], options);
        CHECK(replay_report_json(outcome->replays[i]) == expected);
        FakeRuns again(accesses, kBlock);
        auto engine = make_engine({.machine = all[i]}, again);
        REQUIRE(engine.ok());
        const auto one = (*engine)->replay(again, {.skip = skip});
        REQUIRE(one.ok());
        CHECK(document(all[i], one->records, (*engine)->stats()) == expected);
        (*engine)->validate();
      }
    }
  }
}

// Fails after the accesses of another trace.
class FailingTrace final : public TraceReader {
 public:
  explicit FailingTrace(std::vector<FakeAccess> accesses) : good_(std::move(accesses), 500) {}
  std::string_view format() const override { return "failing"; }
  Result<TraceBlock, InputError> next_block() override {
    auto block = good_.next_block();
    if (block.ok() && block->end()) return InputError{.file = "f", .message = "is broken"};
    return block;
  }

 private:
  FakeTrace good_;
};

TEST_CASE("sweep: an error of the trace is the sweep's; not one behind the limit") {
  const std::vector<FakeAccess> accesses = random_accesses(10'000);
  for (const bool machines : {true, false}) {
    SweepOptions options{.configurations = configurations({machines, !machines}), .jobs = 2};
    FailingTrace failing(accesses);
    const auto outcome = sweep_trace(failing, options);
    REQUIRE(!outcome.ok());
    CHECK(outcome.error().to_string() == "f: is broken");
    options.limit = 10'000;
    FailingTrace again(accesses);
    CHECK(sweep_trace(again, options).ok());
  }
}

TEST_CASE("sweep: interrupted, all replays end at the same access") {
  const std::vector<FakeAccess> accesses = random_accesses(10'000);
  const std::atomic<bool> interrupted{true};
  FakeTrace trace(accesses);
  const auto outcome = sweep_trace(
      trace,
      {.configurations = configurations({true, true}), .jobs = 2, .interrupted = &interrupted});
  REQUIRE(outcome.ok());
  CHECK(outcome->end == SweepEnd::kInterrupted);
  for (const ReplayReport& report : outcome->replays) CHECK(report.records == 0);
}

TEST_CASE("sweep: progress is told of the accesses behind those skipped, up to the last") {
  const std::vector<FakeAccess> accesses = random_accesses(10'000);
  for (const Engines engines : {Engines{true, true}, {false, true}}) {
    std::vector<uint64_t> told;
    FakeTrace trace(accesses, 700);
    const auto swept =
        sweep_trace(trace, {.configurations = configurations(engines),
                            .skip = 2'000,
                            .jobs = 2,
                            .on_progress = [&told](uint64_t done) { told.push_back(done); }});
    REQUIRE(swept.ok());
    CHECK(std::is_sorted(told.begin(), told.end()));
    REQUIRE(!told.empty());
    CHECK(told.back() == 8'000);
  }
}

TEST_CASE("sweep: the report of all is that of each") {
  FakeTrace trace(random_accesses(5'000));
  const auto swept = sweep_trace(trace, {.configurations = configurations({true, true})});
  REQUIRE(swept.ok());
  std::string expected;
  for (const ReplayReport& replay : swept->replays)
    expected += (expected.empty() ? "[" : ",") + replay_report_json(replay);
  CHECK(sweep_report_json(*swept) == expected + "]");
  const std::string csv = sweep_report_csv(*swept);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + std::ptrdiff_t(swept->replays.size()));
  CHECK(csv.starts_with("frames,policy,"));
  CHECK(sweep_report_text(*swept).find("Configurations") != std::string::npos);
  CHECK(sweep_report_svg(*swept).starts_with("<svg"));
  CHECK(sweep_report_html(*swept).find("<svg") != std::string::npos);
}

// Says that it holds calls.
class CallingTrace final : public TraceReader {
 public:
  std::string_view format() const override { return "calling"; }
  bool has_calls() const override { return true; }
  Result<TraceBlock, InputError> next_block() override { return TraceBlock{}; }
};

TEST_CASE("make_engine: calls are of a kernel with pages of 4 KiB") {
  const CallingTrace trace;
  MachineOptions options{.paging = "sv39", .contents = Contents::kNone};
  CHECK(make_engine({.machine = options}, trace).ok());
  options.paging = "arm64-16k";
  const auto refused = make_engine({.machine = options}, trace);
  REQUIRE(!refused.ok());
  CHECK(refused.error().to_string() ==
        "--paging: arm64-16k has pages of 16384 bytes; the trace's mapping calls are of a kernel "
        "with pages of 4096");
}

TEST_CASE("sweep: no configuration, and one that no machine has") {
  FakeTrace trace(random_accesses(100));
  const auto none = sweep_trace(trace, {});
  REQUIRE(none.ok());
  CHECK(none->replays.empty());
  CHECK(!sweep_trace(trace, {.configurations = {{.policy = "no such"}}}).ok());
}

}  // namespace
}  // namespace faultline::replay
