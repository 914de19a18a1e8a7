// Scenarios: what is refused is refused within the text, and the steps and statements of what is
// taken fit each other.
#include <algorithm>
#include <string_view>

#include "sim/base/check.h"
#include "sim/scenario/calls.h"
#include "sim/scenario/parser.h"
#include "tests/fuzz/fuzz_entry.h"

namespace faultline {
namespace {

using scenario::Program;
using scenario::Step;
using scenario::StepKind;

void check_error(std::string_view text, const InputError& error) {
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  FL_CHECK(!error.message.empty());
  FL_CHECK(error.line >= 1 && error.line <= static_cast<uint64_t>(lines));
  size_t start = 0;
  for (uint64_t line = 1; line < error.line; ++line) start = text.find('\n', start) + 1;
  const size_t end = std::min(text.find('\n', start), text.size());
  // One behind the last byte is where something is missing.
  FL_CHECK(error.column >= 1 && error.column <= end - start + 1);
}

void check_steps(const Program& program) {
  uint64_t depth = 0;
  for (uint32_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    if (step.kind == StepKind::kStatement) {
      FL_CHECK(step.index < program.statements.size());
      continue;
    }
    const Step& partner = program.steps.at(step.partner);
    FL_CHECK(step.index == partner.index && partner.partner == i);
    depth = step.kind == StepKind::kRepeat ? depth + 1 : depth - 1;
    FL_CHECK(depth <= scenario::kNestingMax);
  }
  FL_CHECK(depth == 0);
}

void check_statement(const scenario::Statement& statement) {
  FL_CHECK(statement.call != nullptr && statement.call->run != nullptr);
  FL_CHECK(statement.arguments.size() >= statement.call->arguments_min);
  FL_CHECK(statement.arguments.size() <= statement.call->arguments_max);
  FL_CHECK(statement.expected.size() <= 2);
  for (const auto& expected : statement.expected) FL_CHECK(!expected.source.empty());
}

void fuzz_scenario(std::string_view text) {
  const auto program = scenario::parse("fuzz.scn", text);
  if (!program.ok()) return check_error(text, program.error());
  check_steps(*program);
  for (const auto& statement : program->statements) {
    check_statement(statement);
    for (const auto& argument : statement.arguments) {
      if (argument.shape != scenario::ArgumentShape::kNumber) continue;
      // Names have no value yet: only that evaluation finds its operands is of interest.
      (void)scenario::evaluate(argument.number, program->slots).ok();
    }
  }
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::fuzz_scenario({reinterpret_cast<const char*>(data), size});
  return 0;
}
