// Program: a scenario as the parser leaves it and the runner executes it.
//
// Invariants:
// 1. Every `repeat` step has one `end` step behind it and each knows the other; they nest.
// 2. A statement has between min and max arguments of its call, each of a shape its kind permits.
// Units: lines and columns from 1, columns in bytes.
// Threads: plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faultline/errno.h"
#include "faultline/siginfo.h"
#include "sim/scenario/expression.h"

namespace faultline::scenario {

struct Call;  // calls.h

inline constexpr uint64_t kStatementsMax = 10'000'000;  // executed, in a run
inline constexpr uint32_t kNestingMax = 64;             // of parentheses; of repeats
inline constexpr size_t kLineBytesMax = size_t{1} << 20;

enum class ArgumentShape : uint8_t { kNumber, kString, kOutside };

struct Argument {
  ArgumentShape shape = ArgumentShape::kNumber;
  uint32_t column = 1;
  Expression number{};  // kNumber
  std::string text{};   // kString
};

enum class ExpectedKind : uint8_t {
  kValue,     // that value, and no signal
  kErrno,     // -1 and that error
  kSignal,    // that signal, after `value` bytes if there is one, at `address` if there is one
  kAnything,  // ?
};

struct Expected {
  ExpectedKind kind = ExpectedKind::kAnything;
  std::optional<Expression> value{};
  Errno error = Errno::kEPERM;
  SignalCode code = SignalCode::kSegvMapErr;
  std::optional<Expression> address{};
  uint32_t line = 0;
  std::string source{};  // as written
};

struct Statement {
  uint32_t line = 0;
  uint32_t column = 1;             // of the call
  std::optional<uint64_t> pid{};   // the prefix
  std::optional<uint32_t> slot{};  // of the NAME to bind
  const Call* call = nullptr;
  std::vector<Argument> arguments{};
  std::vector<Expected> expected{};  // behind the call, and by a --- SIGSEGV line
};

struct Repeat {
  uint32_t line = 0;
  uint32_t column = 1;
  uint32_t slot = 0;  // of its variable
  Expression count{};
};

enum class StepKind : uint8_t { kStatement, kRepeat, kEnd };

struct Step {
  StepKind kind = StepKind::kStatement;
  uint32_t index = 0;    // of the statement or the repeat
  uint32_t partner = 0;  // the step of the other end of a repeat
};

struct Program {
  std::string file{};
  std::vector<Step> steps{};
  std::vector<Statement> statements{};
  std::vector<Repeat> repeats{};
  std::vector<Slot> slots{};
};

}  // namespace faultline::scenario
