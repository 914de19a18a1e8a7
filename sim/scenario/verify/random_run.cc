// verify_random: random scenarios one after the other, and the first difference made small.
#include <fmt/core.h>

#include "sim/scenario/host/settings.h"
#include "sim/scenario/verify/random_scenario.h"
#include "sim/scenario/verify/shrink.h"
#include "sim/scenario/verify/verifier.h"

namespace faultline {
namespace {

constexpr uint64_t kStatementsOfAScenario = 60;
constexpr uint64_t kShrinkQuestionsMax = 2000;

using verify::Verifier;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) (text += line) += '\n';
  return text;
}

bool differs(Verifier& verifier, const std::vector<std::string>& lines) {
  const auto comparison = verifier.compare("random", joined(lines));
  return comparison.ok() && comparison->difference.has_value();
}

// The smallest scenario that still differs, with a line that says where it comes from.
void report_difference(Verifier& verifier, const RandomRun& run, uint64_t index,
                       std::vector<std::string> lines, RandomReport& report) {
  lines = verify::shrink(std::move(lines), kShrinkQuestionsMax,
                         [&](const auto& fewer) { return differs(verifier, fewer); });
  lines.insert(lines.begin(), fmt::format("# verify --random {} --seed {}: scenario {}",
                                          run.profile, run.seed, index));
  report.scenario = joined(lines);
  const auto comparison = verifier.compare("random", report.scenario);
  if (comparison.ok()) report.difference = comparison->difference;
}

InputError in_scenario(const RandomRun& run, uint64_t index, const std::string& what,
                       uint64_t line) {
  return {.file = fmt::format("random {} {}:{}", run.profile, run.seed, index),
          .message = what,
          .line = line};
}

}  // namespace

std::vector<RandomProfile> random_profiles() {
  std::vector<RandomProfile> profiles;
  for (const verify::Profile& profile : verify::all_profiles()) profiles.push_back(profile.about);
  return profiles;
}

Result<RandomReport, InputError> verify_random(const RandomRun& run, const VerifyOptions& options) {
  const verify::Profile* profile = verify::find_profile(run.profile);
  if (profile == nullptr) {
    return InputError{.message = fmt::format("there is no random profile '{}'", run.profile)};
  }
  auto verifier = Verifier::make(options);
  if (!verifier.ok()) return verifier.error();
  RandomReport report{.kernel = host::kernel_version(),
                      .settings = (*verifier)->differing_settings()};
  while (report.statements < run.statements && !report.difference) {
    if (options.stop != nullptr && options.stop->load()) {
      report.interrupted = true;
      break;
    }
    const uint64_t index = report.scenarios++;
    auto lines = verify::make_random_scenario(*profile, {run.seed, index}, kStatementsOfAScenario);
    const auto comparison = (*verifier)->compare("random", joined(lines));
    if (!comparison.ok()) {
      return in_scenario(run, index, comparison.error().message, comparison.error().line);
    }
    report.statements += comparison->statements;
    if (comparison->unsteady) report.unsteady.push_back({index, *comparison->unsteady});
    if (comparison->difference) {
      report_difference(**verifier, run, index, std::move(lines), report);
    } else if (!comparison->skipped.empty()) {
      return in_scenario(run, index, comparison->skipped.front().why,
                         comparison->skipped.front().line);
    }
  }
  return report;
}

}  // namespace faultline
