// The calls of the scenario language: one table of their names, arguments and what runs them.
//
// A call without a `run` is known but not simulated yet: using it is an error of the scenario.
// Threads: constant data.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "faultline/machine.h"
#include "faultline/result.h"
#include "sim/scenario/answer.h"
#include "sim/scenario/program.h"

namespace faultline::scenario {

// What an argument is: decides which shapes it may have, and how a transcript prints it.
enum class ArgumentKind : uint8_t {
  kAddress,
  kCount,   // unsigned
  kSigned,  // a descriptor, an offset of a file, a plain number
  kOffset,  // hexadecimal
  kProt,
  kMapFlags,
  kSyncFlags,
  kOpenFlags,
  kMode,
  kWhence,
  kRemapFlags,
  kAdvice,
  kLockFlags,
  kLockAllFlags,
  kAllocateMode,
  kFileAdvice,
  kSyncRangeFlags,
  kPrctlOption,
  kPersona,
  kCloneFlags,
  kWaitOptions,
  kSignal,
  kResource,
  kLimit,
  kDirectory,    // a descriptor, or AT_FDCWD
  kPath,         // a string
  kReadBuffer,   // an address or _: the kernel writes there
  kWriteBuffer,  // an address, a string or _: the kernel reads there
  kCountOrText,  // store's second argument; with a string it is the last
};

enum class ReturnForm : uint8_t { kNumber, kAddress, kDescriptor, kNothing };

class ProcessTable;  // process_table.h

// Everything a call needs to run.
struct CallFrame {
  Machine& machine;
  Process& process;
  ProcessTable& processes;
  const Statement& statement;
  std::span<const Value> values;  // of the statement's arguments
  FaultCounts faults_before{};

  uint64_t number(size_t index) const { return values[index].number; }
  VirtAddr address(size_t index) const { return {values[index].number}; }
  bool has(size_t index) const { return index < values.size(); }
  FaultCounts faults_since() const { return process.faults() - faults_before; }
};

// Errors: a value that C would not let pass (peek of three bytes); the run ends there.
using CallFunction = Result<Answer, PlacedMessage> (*)(const CallFrame& frame);

inline constexpr size_t kArgumentsMax = 6;

struct Call {
  std::string_view name{};
  CallFunction run = nullptr;
  ReturnForm returns = ReturnForm::kNumber;
  bool is_access = false;  // may end in a signal
  uint8_t arguments_min = 0;
  uint8_t arguments_max = 0;
  std::array<ArgumentKind, kArgumentsMax> arguments{};
};

// The call of that name, or null. O(calls).
const Call* find_call(std::string_view name);
// All of them, in the order of docs/scenario.md.
std::span<const Call> all_calls();

}  // namespace faultline::scenario
