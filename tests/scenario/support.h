// What the tests of the scenario language share: lines gathered, programs parsed and run on the
// fake machine.
//
// Threads: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "faultline/scenario.h"
#include "sim/scenario/parser.h"
#include "sim/scenario/runner.h"
#include "tests/support/fake_machine.h"

namespace faultline::scenario::testing {

class Lines final : public LineSink {
 public:
  explicit Lines(size_t lines_max = ~size_t{0}) : lines_max_(lines_max) {}
  bool on_line(std::string_view line) override {
    lines.emplace_back(line);
    return lines.size() < lines_max_;
  }
  std::vector<std::string> lines{};

 private:
  size_t lines_max_;
};

// What parsing says: "ok" or the error as it is printed.
inline std::string parse_verdict(std::string_view text) {
  const auto program = parse("t.scn", text);
  return program.ok() ? "ok" : program.error().to_string();
}

// A run on a fake machine: put answers into `machine` first.
struct Run {
  faultline::testing::FakeMachine machine{};
  ScenarioOptions options{.output = ScenarioOutput::kJson};
  ScenarioReport report{};
  std::string error{};  // as it is printed

  std::vector<std::string> operator()(std::string_view text) {
    Lines out;
    auto program = parse("t.scn", text);
    if (!program.ok()) {
      error = program.error().to_string();
      return {};
    }
    const auto result = run(std::move(program).value(), machine, options, out);
    if (result.ok()) report = *result;
    if (!result.ok()) error = result.error().to_string();
    return out.lines;
  }
};

using Text = std::vector<std::string>;

}  // namespace faultline::scenario::testing
