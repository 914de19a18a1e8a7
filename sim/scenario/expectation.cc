#include "sim/scenario/expectation.h"

#include <fmt/core.h>

namespace faultline::scenario {
namespace {

PlacedMessage on_line(PlacedMessage what, uint32_t line) {
  what.line = line;
  return what;
}

bool value_is_met(uint64_t value, const Call& call, const Answer& answer) {
  if (call.returns == ReturnForm::kNothing || answer.signal) return false;
  if (answer.value == value) return true;
  // Which descriptor a file gets is the process's own affair: 0 says that it was opened.
  return call.returns == ReturnForm::kDescriptor && !answer.error && value == 0;
}

bool signal_is_met(const Wanted& wanted, const Answer& answer) {
  const Expected& expected = *wanted.expected;
  if (!answer.signal || answer.signal->code != expected.code) return false;
  if (expected.value && answer.value != wanted.value) return false;
  return !expected.address || answer.signal->address.value == wanted.address;
}

}  // namespace

Result<std::vector<Wanted>, PlacedMessage> evaluate_expected(const Statement& statement,
                                                             const std::vector<Slot>& slots) {
  std::vector<Wanted> all;
  for (const Expected& expected : statement.expected) {
    Wanted& wanted = all.emplace_back(Wanted{.expected = &expected});
    if (expected.value) {
      const auto value = evaluate(*expected.value, slots);
      if (!value.ok()) return on_line(value.error(), expected.line);
      wanted.value = *value;
    }
    if (expected.address) {
      const auto address = evaluate(*expected.address, slots);
      if (!address.ok()) return on_line(address.error(), expected.line);
      wanted.address = *address;
    }
  }
  return all;
}

bool is_met(const Wanted& wanted, const Call& call, const Answer& answer) {
  switch (wanted.expected->kind) {
    case ExpectedKind::kValue:
      return value_is_met(wanted.value, call, answer);
    case ExpectedKind::kErrno:
      return answer.error == wanted.expected->error;
    case ExpectedKind::kSignal:
      return signal_is_met(wanted, answer);
    case ExpectedKind::kAnything:
      break;
  }
  return true;
}

std::string got_text(const Call& call, const Answer& answer) {
  if (call.returns == ReturnForm::kNothing) return "?";
  if (answer.error) return fmt::format("-1 {}", errno_name(*answer.error));
  if (answer.signal) {
    return fmt::format("{} {} {} 0x{:x}", answer.value, signal_name(answer.signal->code),
                       signal_code_name(answer.signal->code), answer.signal->address.value);
  }
  if (call.returns == ReturnForm::kAddress) return fmt::format("0x{:x}", answer.value);
  return fmt::format("{}", static_cast<int64_t>(answer.value));
}

}  // namespace faultline::scenario
