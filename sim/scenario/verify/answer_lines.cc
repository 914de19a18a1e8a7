#include "sim/scenario/verify/answer_lines.h"

#include <charconv>
#include <optional>
#include <string>

namespace faultline::verify {
namespace {

constexpr std::string_view kMinor = ",\"minflt\":";
constexpr std::string_view kMajor = ",\"majflt\":";

std::optional<uint64_t> number_behind(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  uint64_t value = 0;
  std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
  return value;
}

// The answer with its two counts as one.
std::string with_sum(std::string_view answer) {
  const auto minor = number_behind(answer, kMinor);
  const auto major = number_behind(answer, kMajor);
  if (!minor || !major) return std::string(answer);
  const size_t from = answer.find(kMinor);
  size_t to = answer.find(kMajor) + kMajor.size();
  while (to < answer.size() && answer[to] >= '0' && answer[to] <= '9') ++to;
  return std::string(answer.substr(0, from)) + std::to_string(*minor + *major) +
         std::string(answer.substr(to));
}

}  // namespace

uint64_t line_of(std::string_view answer) {
  return number_behind(answer, "{\"line\":").value_or(0);
}

bool same_but_for_majors(const VerifyDifference& difference) {
  return with_sum(difference.kernel_answer) == with_sum(difference.simulated_answer);
}

}  // namespace faultline::verify
