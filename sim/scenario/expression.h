// Expression: a number to be computed, as the parser leaves it and the runner evaluates it.
//
// Kept in postfix order, so that neither a chain of a million terms nor a million minus signs needs
// recursion. Arithmetic is that of uint64_t: it wraps; / % and >> are unsigned; shifting by 64 or
// more gives 0.
//
// Invariants: evaluating the steps never finds too few operands and leaves one.
// Threads: plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faultline/result.h"

namespace faultline::scenario {

enum class Op : uint8_t {
  kNumber,  // operand: the number
  kName,    // operand: the slot of the name
  kNegate,
  kComplement,
  kMultiply,
  kDivide,
  kRemainder,
  kAdd,
  kSubtract,
  kShiftLeft,
  kShiftRight,
  kAnd,
  kOr,
};

struct ExpressionStep {
  Op op = Op::kNumber;
  uint32_t column = 1;  // of the number, name or operator
  uint64_t operand = 0;
};

struct Expression {
  std::vector<ExpressionStep> steps{};
  uint32_t column = 1;  // of its first token
};

// A NAME of the scenario; several may bear one spelling, as loop variables do.
struct Slot {
  std::string name{};
  std::optional<uint64_t> value{};  // nothing: not bound yet
};

// What went wrong at a place that only the run can reach.
struct PlacedMessage {
  uint32_t column = 1;
  std::string message{};
  uint32_t line = 0;  // 0: the line that is being looked at
};

// The value, with the names' present values.
// Errors: division by zero; a name that no statement has bound yet. O(steps).
Result<uint64_t, PlacedMessage> evaluate(const Expression& expression,
                                         const std::vector<Slot>& slots);

}  // namespace faultline::scenario
