// Whether an answer is the expected one.
//
// Threads: any.
#pragma once

#include <string>
#include <vector>

#include "faultline/result.h"
#include "sim/scenario/answer.h"
#include "sim/scenario/calls.h"
#include "sim/scenario/program.h"

namespace faultline::scenario {

// An expectation with its values.
struct Wanted {
  const Expected* expected = nullptr;
  uint64_t value = 0;    // where expected->value is
  uint64_t address = 0;  // where expected->address is
};

// Errors: those of evaluate().
Result<std::vector<Wanted>, PlacedMessage> evaluate_expected(const Statement& statement,
                                                             const std::vector<Slot>& slots);

bool is_met(const Wanted& wanted, const Call& call, const Answer& answer);

// What came, in the words in which it could have been expected: "-1 EINVAL".
std::string got_text(const Call& call, const Answer& answer);

}  // namespace faultline::scenario
