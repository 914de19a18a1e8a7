#include "tests/scenarios/scenario_check.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "faultline/scenario.h"

namespace faultline::scenarios {
namespace {

class Lines final : public LineSink {
 public:
  bool on_line(std::string_view line) override {
    lines.emplace_back(line);
    return true;
  }
  std::vector<std::string> lines{};
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string line_or_end(const std::vector<std::string>& lines, size_t index) {
  return index < lines.size() ? lines[index] : "(the end)";
}

// The first line in which the two differ, as text; nothing where they do not.
std::string first_difference(const std::vector<std::string>& simulated,
                             const std::vector<std::string>& kernel) {
  for (size_t i = 0; i < simulated.size() || i < kernel.size(); ++i) {
    const std::string ours = line_or_end(simulated, i);
    const std::string theirs = line_or_end(kernel, i);
    if (ours == theirs) continue;
    return "  simulated: " + ours + "\n  the kernel: " + theirs + "\n";
  }
  return {};
}

// The machine that the answers are of: the first line tells how far the kernel's disk read ahead.
MachineOptions machine_of(std::string_view recording) {
  constexpr std::string_view kKey = "\"read_ahead_kb\":";
  MachineOptions machine;
  const std::string_view first = recording.substr(0, recording.find('\n'));
  const size_t at = first.find(kKey);
  if (at == std::string_view::npos) return machine;
  machine.readahead_bytes =
      std::strtoull(std::string(first.substr(at + kKey.size())).c_str(), nullptr, 10) << 10;
  return machine;
}

// The recorded lines without the first, which names the kernel.
std::vector<std::string> answers_of(std::string_view recording) {
  std::vector<std::string> lines = split(recording);
  if (!lines.empty() && lines.front().starts_with("{\"kernel\":")) lines.erase(lines.begin());
  return lines;
}

}  // namespace

Judgement check_scenario(std::string_view file, std::string_view text,
                         std::string_view kernel_answers) {
  Lines out;
  const auto report =
      run_scenario(file, text, {.output = ScenarioOutput::kJson, .validate_each_step = true}, out);
  if (!report.ok()) {
    const std::string message = report.error().to_string();
    const bool later = message.find("not simulated yet") != std::string::npos;
    return {later ? Verdict::kSkipped : Verdict::kFailed, "  " + message + "\n"};
  }
  Judgement judgement;
  if (report->out_of_memory) judgement.details += "  " + report->out_of_memory->to_string() + "\n";
  for (const std::string& line : out.lines) {
    if (line.find(",\"expected\":") != std::string::npos) judgement.details += "  " + line + "\n";
  }
  if (!kernel_answers.empty()) {
    Lines comparable;
    const auto again = run_scenario(
        file, text, {.machine = machine_of(kernel_answers), .output = ScenarioOutput::kComparable},
        comparable);
    if (!again.ok()) judgement.details += "  " + again.error().to_string() + "\n";
    judgement.details += first_difference(comparable.lines, answers_of(kernel_answers));
  }
  const bool failed = report->failed_expectations != 0 || !judgement.details.empty();
  if (failed) judgement.verdict = Verdict::kFailed;
  return judgement;
}

}  // namespace faultline::scenarios
