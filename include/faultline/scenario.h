// Scenarios: system calls and accesses as a C programmer writes them, one a line, with what is
// expected of each. The language is described in docs/scenario.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "faultline/input_error.h"
#include "faultline/options.h"
#include "faultline/result.h"

namespace faultline {

// Takes the lines that a run prints; true: go on, false: the output cannot be written, stop.
class LineSink {
 public:
  virtual ~LineSink() = default;
  virtual bool on_line(std::string_view line) = 0;
};

enum class ScenarioOutput : uint8_t {
  kTranscript,  // the scenario itself with each answer behind it
  kJson,        // one JSON object a statement
  kComparable,  // the same without what depends on the machine (docs/verify.md)
};

struct ScenarioOptions {
  MachineOptions machine{};
  ScenarioOutput output = ScenarioOutput::kTranscript;
  bool name_file = false;           // JSON: each object begins with "file"
  bool validate_each_step = false;  // Machine::validate() after every statement
};

struct ScenarioReport {
  uint64_t statements = 0;  // executed
  uint64_t failed_expectations = 0;
  // Where the run stopped because a page was needed, every frame was taken and none could be
  // evicted; the statement was printed with what it had done. Nothing: it did not.
  std::optional<InputError> out_of_memory{};
};

// Parses `text`, then runs it on a fresh machine. `file` is used in messages alone.
// Errors: what is wrong and where. What parsing can detect is found before anything runs.
Result<ScenarioReport, InputError> run_scenario(std::string_view file, std::string_view text,
                                                const ScenarioOptions& options, LineSink& out);

}  // namespace faultline
