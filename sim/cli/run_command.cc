// `faultline run`.
#include <algorithm>

#include "faultline/scenario.h"
#include "sim/cli/commands.h"
#include "sim/cli/input_file.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/message.h"
#include "sim/cli/quantities.h"

namespace faultline::cli {
namespace {

constexpr uint64_t kPageBytes = 4096;  // scenarios run on x86-64

// Lines to the output, until that fails or the user has had enough.
class OutputLines : public LineSink {
 public:
  explicit OutputLines(Output& out) : out_(out) {}
  bool on_line(std::string_view line) override {
    going_ = out_.write(line) && out_.write("\n") && !interrupt_flag().load();
    return going_;
  }
  // Whether every line was taken.
  bool going() const { return going_; }

 private:
  Output& out_;
  bool going_ = true;
};

Result<ScenarioOptions, InputError> scenario_options(const RunCommand& command) {
  ScenarioOptions options{
      .output = command.json ? ScenarioOutput::kJson : ScenarioOutput::kTranscript,
      .name_file = command.scenarios.size() > 1,
      .validate_each_step = command.paranoid};
  if (!command.memory.empty()) {
    auto frames = parse_size_in_pages("--memory", command.memory, kPageBytes);
    if (!frames) return frames.error();
    options.machine.frames = *frames;
  }
  auto seed = parse_count("--seed", command.seed);
  if (!seed) return seed.error();
  options.machine.seed = *seed;
  return options;
}

// Runs one; kDone, kDifference, kBadInput or kResource.
ExitStatus run_one(const std::string& name, const ScenarioOptions& options, OutputLines& lines) {
  auto text = read_text_file(name);
  if (!text) {
    print_error(text.error().to_string());
    return ExitStatus::kBadInput;
  }
  auto report = run_scenario(name, *text, options, lines);
  if (!report) {
    print_error(report.error().to_string());
    return ExitStatus::kBadInput;
  }
  if (report->out_of_memory) {
    print_error(report->out_of_memory->to_string());
    return ExitStatus::kResource;
  }
  return report->failed_expectations > 0 ? ExitStatus::kDifference : ExitStatus::kDone;
}

}  // namespace

// Every file is run, whatever became of those before it; the worst decides.
ExitStatus run_scenarios(const RunCommand& command, Output& out) {
  auto options = scenario_options(command);
  if (!options) {
    print_error(options.error().to_string());
    return ExitStatus::kBadInput;
  }
  catch_interrupt();
  OutputLines lines(out);
  ExitStatus worst = ExitStatus::kDone;
  for (const std::string& name : command.scenarios) {
    worst = std::max(worst, run_one(name, *options, lines));
    if (interrupt_flag().load()) return ExitStatus::kInterrupted;
    if (!lines.going()) break;
  }
  return worst;
}

}  // namespace faultline::cli
