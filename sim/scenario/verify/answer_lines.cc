#include "sim/scenario/verify/answer_lines.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace faultline::verify {
namespace {

constexpr std::string_view kPageTables = "VmPTE:\\t ";  // as JSON writes the tab

std::optional<uint64_t> number_behind(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  uint64_t value = 0;
  std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
  return value;
}

size_t end_of_number(std::string_view text, size_t from) {
  return std::min(text.find_first_not_of("0123456789", from), text.size());
}

}  // namespace

uint64_t line_of(std::string_view answer) {
  return number_behind(answer, "{\"line\":").value_or(0);
}

bool alike(std::string_view kernel_answer, std::string_view simulated_answer) {
  constexpr uint64_t kSharedKilobytesMax = 8;
  if (kernel_answer == simulated_answer) return true;
  const auto kernel = number_behind(kernel_answer, kPageTables);
  const auto simulated = number_behind(simulated_answer, kPageTables);
  if (!kernel || !simulated) return false;
  const size_t at = kernel_answer.find(kPageTables) + kPageTables.size();
  if (*simulated - *kernel > kSharedKilobytesMax ||
      kernel_answer.substr(0, at) != simulated_answer.substr(0, at)) {
    return false;
  }
  return kernel_answer.substr(end_of_number(kernel_answer, at)) ==
         simulated_answer.substr(end_of_number(simulated_answer, at));
}

}  // namespace faultline::verify
