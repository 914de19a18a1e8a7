#include "sim/scenario/expression.h"

#include "sim/base/check.h"

namespace faultline::scenario {
namespace {

uint64_t apply_unary(Op op, uint64_t a) { return op == Op::kNegate ? 0 - a : ~a; }

// REQUIRES: b is not 0 where op divides.
uint64_t apply_binary(Op op, uint64_t a, uint64_t b) {
  switch (op) {
    case Op::kMultiply:
      return a * b;
    case Op::kDivide:
      return a / b;
    case Op::kRemainder:
      return a % b;
    case Op::kAdd:
      return a + b;
    case Op::kSubtract:
      return a - b;
    case Op::kShiftLeft:
      return b < 64 ? a << b : 0;
    case Op::kShiftRight:
      return b < 64 ? a >> b : 0;
    case Op::kAnd:
      return a & b;
    default:
      return a | b;
  }
}

}  // namespace

Result<uint64_t, PlacedMessage> evaluate(const Expression& expression,
                                         const std::vector<Slot>& slots) {
  // Most expressions are one number, and a scenario may evaluate tens of millions.
  if (expression.steps.size() == 1 && expression.steps.front().op == Op::kNumber) {
    return expression.steps.front().operand;
  }
  std::vector<uint64_t> stack;
  for (const ExpressionStep& step : expression.steps) {
    if (step.op == Op::kNumber) {
      stack.push_back(step.operand);
    } else if (step.op == Op::kName) {
      const Slot& slot = slots.at(step.operand);
      if (!slot.value) {
        return PlacedMessage{step.column, "no statement has bound this name yet: " + slot.name};
      }
      stack.push_back(*slot.value);
    } else if (step.op == Op::kNegate || step.op == Op::kComplement) {
      FL_CHECK(!stack.empty());
      stack.back() = apply_unary(step.op, stack.back());
    } else {
      FL_CHECK(stack.size() >= 2);
      const uint64_t right = stack.back();
      stack.pop_back();
      if (right == 0 && (step.op == Op::kDivide || step.op == Op::kRemainder)) {
        return PlacedMessage{step.column, "division by zero"};
      }
      stack.back() = apply_binary(step.op, stack.back(), right);
    }
  }
  FL_CHECK(stack.size() == 1);
  return stack.back();
}

}  // namespace faultline::scenario
