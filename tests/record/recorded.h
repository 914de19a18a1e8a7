// Records a program in a test, keeps all of it, and checks it against its own mappings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/record/recorder.h"
#include "tests/record/mapping_checker.h"

namespace faultline::record::testing {

struct Recorded : public TraceSink {
  bool take(const TraceBlock& block) override;

  // Accesses with addresses in [start, end), by kind.
  AccessCounts in(uint64_t start, uint64_t end) const;

  MappingChecker checker{};
  bool keep = true;  // the accesses
  std::vector<Access> accesses{};
  std::vector<TraceTask> tasks{};  // of each access
  Recording recording{};
  std::string output{};  // what the program printed
};

// Whether the back end is installed; if not, says SKIPPED and why.
bool installed(Backend backend);

// Runs and records; fails the test if that cannot be done.
struct RunOptions {
  Backend backend = Backend::kQemu;
  FetchUnit fetches = FetchUnit::kInstruction;
  bool keep = true;
};
Recorded run(const std::vector<std::string>& command, const RunOptions& options = {});

// A program of tests/record/programs.
std::string own_program(const std::string& name);

// The hexadecimal and decimal numbers of a program's output.
std::vector<uint64_t> numbers_of(const std::string& output);

}  // namespace faultline::record::testing
