#include "faultline/verify.h"

#include <fmt/core.h>

#include "sim/scenario/host/settings.h"
#include "sim/scenario/verify/verifier.h"

namespace faultline {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) (text += line) += '\n';
  return text;
}

}  // namespace

std::optional<std::string> missing_for_verify() { return host::missing(); }

Result<VerifyReport, InputError> verify_scenario(std::string_view file, std::string_view text,
                                                 const VerifyOptions& options) {
  auto verifier = verify::Verifier::make(options);
  if (!verifier.ok()) return verifier.error();
  auto comparison = (*verifier)->compare(file, text);
  if (!comparison.ok()) return comparison.error();
  return VerifyReport{.statements = comparison->statements,
                      .kernel = host::kernel_version(),
                      .settings = (*verifier)->differing_settings(),
                      .skipped = std::move(comparison->skipped),
                      .difference = std::move(comparison->difference),
                      .unsteady = std::move(comparison->unsteady)};
}

Result<std::string, InputError> kernel_answers(std::string_view file, std::string_view text,
                                               const VerifyOptions& options) {
  auto verifier = verify::Verifier::make(options);
  if (!verifier.ok()) return verifier.error();
  const auto answers = (*verifier)->ask_kernel(file, text);
  if (!answers.ok()) return answers.error();
  if (answers->end) return *answers->end;
  // What the answers depend on, so that they can be compared anywhere.
  return fmt::format("{{\"kernel\":\"{}\",\"read_ahead_kb\":{}}}\n{}", host::kernel_version(),
                     (*verifier)->readahead_bytes() >> 10, joined(answers->lines));
}

}  // namespace faultline
