#include "sim/scenario/runner.h"

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "sim/base/check.h"
#include "sim/scenario/calls.h"
#include "sim/scenario/expectation.h"
#include "sim/scenario/expression.h"
#include "sim/scenario/printer.h"
#include "sim/scenario/process_table.h"

namespace faultline::scenario {
namespace {

constexpr uint64_t kFirstPid = 1;

// Where a run stops: the output takes no more, memory ran out, or the scenario is wrong there.
struct Stop {
  std::optional<InputError> error{};
};

std::unique_ptr<Printer> make_printer(const ScenarioOptions& options) {
  switch (options.output) {
    case ScenarioOutput::kJson:
      return make_json(options.name_file ? NameFile::kYes : NameFile::kNo);
    case ScenarioOutput::kComparable:
      return make_comparable_json();
    case ScenarioOutput::kTranscript:
      break;
  }
  return make_transcript();
}

class Runner {
 public:
  Runner(Program program, Machine& machine, const ScenarioOptions& options, LineSink& out)
      : program_(std::move(program)),
        machine_(machine),
        processes_(machine),
        validate_each_step_(options.validate_each_step),
        out_(out),
        printer_(make_printer(options)) {}

  Result<ScenarioReport, InputError> run() {
    while (next_ < program_.steps.size() && !stop_) take_step(program_.steps[next_]);
    machine_.validate();
    if (stop_ && stop_->error) return *stop_->error;
    return report_;
  }

 private:
  void take_step(const Step& step);
  void enter_repeat(const Step& step);
  void end_round(const Step& step);
  void execute(const Statement& statement);
  std::optional<PlacedMessage> evaluate_arguments(const Statement& statement);
  void finish(const Statement& statement, const Answer& answer, std::vector<Wanted> wanted);
  void begin_round(const Repeat& repeat, uint64_t index);
  void stop_at(uint32_t line, PlacedMessage what);
  InputError placed(uint32_t line, PlacedMessage what) const;

  Program program_;
  Machine& machine_;
  ProcessTable processes_;
  bool validate_each_step_;
  LineSink& out_;
  std::unique_ptr<Printer> printer_;

  size_t next_ = 0;                  // the step to take
  std::vector<uint64_t> indices_{};  // of the repeats that are running, outermost first
  std::vector<uint64_t> counts_{};   // how often each of them runs
  uint64_t rounds_ = 0;              // of all repeats
  std::vector<Value> values_{};      // of the present statement
  ScenarioReport report_{};
  std::optional<Stop> stop_{};
};

InputError Runner::placed(uint32_t line, PlacedMessage what) const {
  return {.file = program_.file,
          .message = std::move(what.message),
          .line = what.line == 0 ? line : what.line,
          .column = what.column};
}

void Runner::stop_at(uint32_t line, PlacedMessage what) {
  stop_ = Stop{placed(line, std::move(what))};
}

void Runner::take_step(const Step& step) {
  switch (step.kind) {
    case StepKind::kStatement:
      ++next_;
      return execute(program_.statements[step.index]);
    case StepKind::kRepeat:
      return enter_repeat(step);
    case StepKind::kEnd:
      return end_round(step);
  }
}

void Runner::enter_repeat(const Step& step) {
  const Repeat& repeat = program_.repeats[step.index];
  const auto count = evaluate(repeat.count, program_.slots);
  if (!count.ok()) return stop_at(repeat.line, count.error());
  if (*count == 0) {
    next_ = step.partner + 1;
    return;
  }
  ++next_;
  indices_.push_back(0);
  counts_.push_back(*count);
  begin_round(repeat, 0);
}

void Runner::end_round(const Step& step) {
  const uint64_t index = indices_.back() + 1;
  if (index == counts_.back()) {
    indices_.pop_back();
    counts_.pop_back();
    ++next_;
    return;
  }
  next_ = step.partner + 1;
  begin_round(program_.repeats[step.index], index);
}

void Runner::begin_round(const Repeat& repeat, uint64_t index) {
  indices_.back() = index;
  program_.slots[repeat.slot].value = index;
  // Rounds that execute nothing must end too; a statement executed accounts for as many rounds as
  // can stand about it.
  if (++rounds_ > kStatementsMax + kNestingMax * report_.statements) {
    stop_at(repeat.line,
            {repeat.column,
             fmt::format("more than {} rounds of repeat without a statement", kStatementsMax)});
  }
}

void Runner::execute(const Statement& statement) {
  if (report_.statements == kStatementsMax) {
    return stop_at(
        statement.line,
        {statement.column, fmt::format("more than {} statements executed", kStatementsMax)});
  }
  if (auto problem = evaluate_arguments(statement)) return stop_at(statement.line, *problem);
  auto wanted = evaluate_expected(statement, program_.slots);
  if (!wanted.ok()) return stop_at(statement.line, wanted.error());
  const uint64_t pid = statement.pid.value_or(kFirstPid);
  Process* process = processes_.find_ready(pid);
  if (process == nullptr) {
    const auto found = processes_.find(pid);
    if (!found.ok()) return stop_at(statement.line, {statement.column, found.error()});
    process = *found;
  }
  const CallFrame frame{.machine = machine_,
                        .process = *process,
                        .processes = processes_,
                        .statement = statement,
                        .values = values_,
                        .faults_before = process->faults()};
  const auto answer = statement.call->run(frame);
  if (!answer.ok()) return stop_at(statement.line, answer.error());
  // Nothing that is simulated fails so, and a silently different answer would be worse than none.
  if (answer->error == Errno::kENOSYS) {
    return stop_at(statement.line, {statement.column,
                                    fmt::format("{} is not simulated yet", statement.call->name)});
  }
  finish(statement, *answer, std::move(wanted).value());
}

std::optional<PlacedMessage> Runner::evaluate_arguments(const Statement& statement) {
  values_.clear();
  for (const Argument& argument : statement.arguments) {
    Value value{.text = argument.text};
    if (argument.shape == ArgumentShape::kNumber) {
      const auto number = evaluate(argument.number, program_.slots);
      if (!number.ok()) return number.error();
      value.number = *number;
    }
    values_.push_back(value);
  }
  return std::nullopt;
}

void Runner::finish(const Statement& statement, const Answer& answer, std::vector<Wanted> wanted) {
  ++report_.statements;
  Execution execution{.file = program_.file,
                      .statement = statement,
                      .pid = statement.pid.value_or(kFirstPid),
                      .indices = indices_,
                      .values = values_,
                      .answer = answer};
  for (const Wanted& each : wanted) {
    if (!is_met(each, *statement.call, answer)) execution.failed.push_back(each);
  }
  report_.failed_expectations += execution.failed.size();
  if (statement.slot) program_.slots[*statement.slot].value = answer.value;
  if (!printer_->print(execution, out_)) stop_ = Stop{};
  if (validate_each_step_) machine_.validate();
  if (!answer.out_of_memory) return;
  report_.out_of_memory =
      placed(statement.line,
             {statement.column, "out of memory: every frame is taken and none can be evicted"});
  stop_ = Stop{};
}

}  // namespace

Result<ScenarioReport, InputError> run(Program program, Machine& machine,
                                       const ScenarioOptions& options, LineSink& out) {
  return Runner(std::move(program), machine, options, out).run();
}

}  // namespace faultline::scenario
