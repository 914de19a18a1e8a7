// The options of policies: numbers, each between two bounds.
#include <charconv>
#include <string>

#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

bool parse(std::string_view text, NumberOption& option) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  if (value < option.min || value > option.max) return false;
  option.value = value;
  return true;
}

std::string values_of(const NumberOption& option) {
  const std::string min = std::to_string(option.min);
  const std::string max = std::to_string(option.max);
  return option.max == option.min + 1 ? min + " or " + max : "a number from " + min + " to " + max;
}

}  // namespace

std::optional<InputError> read_options(std::string_view policy, std::span<const PolicyOption> given,
                                       std::span<NumberOption> known) {
  const std::string who = "policy " + std::string(policy);
  for (const PolicyOption& one : given) {
    NumberOption* option = nullptr;
    for (NumberOption& candidate : known)
      if (candidate.name == one.key) option = &candidate;
    if (option == nullptr)
      return InputError{.message = who + " has no option '" + std::string(one.key) + "'"};
    if (!parse(one.value, *option)) {
      return InputError{.message = who + ": " + std::string(one.key) + " is " + values_of(*option) +
                                   ", not '" + std::string(one.value) + "'"};
    }
  }
  return std::nullopt;
}

}  // namespace faultline::reclaim
