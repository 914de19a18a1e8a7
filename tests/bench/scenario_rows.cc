// Scenarios: statements a second, simulated and on the kernel that this runs on.

#include <cstdint>
#include <string>
#include <vector>

#include "faultline/scenario.h"
#include "faultline/verify.h"
#include "sim/base/check.h"
#include "sim/scenario/verify/random_scenario.h"
#include "sim/scenario/verify/verifier.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr uint64_t kScenarios = 100;
constexpr uint64_t kStatements = 60;

class NoLines final : public LineSink {
 public:
  bool on_line(std::string_view line) override {
    bytes += line.size();
    return true;
  }
  uint64_t bytes = 0;
};

std::vector<std::string> random_scenarios() {
  std::vector<std::string> scenarios;
  for (uint64_t index = 0; index < kScenarios; ++index) {
    std::string text;
    for (const std::string& line :
         verify::make_random_scenario(*verify::find_profile("all"), {1, index}, kStatements)) {
      (text += line) += '\n';
    }
    scenarios.push_back(std::move(text));
  }
  return scenarios;
}

void simulated(benchmark::State& state) {
  const std::vector<std::string> scenarios = random_scenarios();
  uint64_t statements = 0;
  for (auto _ : state) {
    for (const std::string& text : scenarios) {
      NoLines out;
      const auto report = run_scenario("random", text, {.output = ScenarioOutput::kJson}, out);
      FL_CHECK(report.ok());
      statements += report->statements;
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(statements));
}

// Of wall time: most of it passes in the worker.
void on_the_kernel(benchmark::State& state) {
  const std::vector<std::string> scenarios = random_scenarios();
  auto verifier = verify::Verifier::make({});
  uint64_t statements = 0;
  for (auto _ : state) {
    if (!verifier.ok()) continue;
    for (const std::string& text : scenarios) {
      const auto answers = (*verifier)->ask_kernel("random", text);
      if (answers.ok()) statements += answers->lines.size();
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(statements));
}

constexpr std::string_view kKernel = "random statements, on the running kernel";

constexpr Row kRows[] = {
    {.what = kKernel, .body = on_the_kernel, .clock = Clock::kWall},
    {.what = "random statements, run --json",
     .body = simulated,
     .iterations = 2,
     .bound = kKernel,
     .target_rate = 200e3,
     .target_ratio = 1},
};

}  // namespace

std::span<const Row> scenario_rows() { return kRows; }

}  // namespace faultline::bench
