// Printer: how a run shows what each statement came to. Two forms: transcript.cc and json.cc.
//
// Threads: one printer, one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/scenario.h"
#include "sim/scenario/answer.h"
#include "sim/scenario/expectation.h"
#include "sim/scenario/program.h"

namespace faultline::scenario {

// One executed statement.
struct Execution {
  std::string_view file;
  const Statement& statement;
  uint64_t pid = 1;
  std::span<const uint64_t> indices{};  // of the repeats about it, outermost first
  std::span<const Value> values{};      // of the arguments
  const Answer& answer;
  std::vector<Wanted> failed{};  // expectations that were not met
};

class Printer {
 public:
  virtual ~Printer() = default;
  // Gives `out` what there is to say. False: it takes no more.
  virtual bool print(const Execution& execution, LineSink& out) = 0;
};

// The scenario itself with each answer behind it.
std::unique_ptr<Printer> make_transcript();

enum class NameFile : uint8_t { kNo, kYes };
// One JSON object a statement.
std::unique_ptr<Printer> make_json(NameFile name_file);
// The same without what depends on the machine, and without what was expected.
std::unique_ptr<Printer> make_comparable_json();

}  // namespace faultline::scenario
