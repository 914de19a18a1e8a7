// The commands of the program: what the command line says, and what runs it.
//
// Each command prints its results to the Output, its errors to standard error, and returns the
// program's exit status.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/cli/exit_status.h"
#include "sim/cli/output.h"
#include "sim/cli/sweep_configurations.h"

namespace faultline::cli {

// Whether a line of progress is shown.
enum class ShowProgress : uint8_t { kOnTerminal, kYes, kNo };

// `faultline replay`. Values are as the user wrote them, unchecked.
struct ReplayCommand {
  std::vector<std::string> traces{};
  std::string format{};  // empty: detected
  std::string memory{};  // empty: unlimited
  std::string policy{"lru"};
  std::string paging{"x86-64"};
  std::string tlb{};  // empty: the default
  std::string walk_cache{"none"};
  std::string maps{};      // empty: no mapping
  std::string unmapped{};  // empty: as the trace needs
  std::string skip{"0"};
  std::string limit{};  // empty: none
  std::string seed{"0"};
  std::string events{};    // empty: none
  std::string interval{};  // empty: none
  bool warm = false;
  bool huge_pages = false;
  bool by_mapping = false;
  bool salvage = false;
  bool json = false;
  bool timing = false;
  bool paranoid = false;
  ShowProgress progress = ShowProgress::kOnTerminal;
};
ExitStatus run_replay(const ReplayCommand& command, Output& out);

// `faultline record`.
struct RecordCommand {
  std::vector<std::string> command{};  // with its arguments
  std::string output{};
  std::string backend{"auto"};
  std::string filter{"runs"};
  std::string fetch{"insn"};
  std::string limit{};  // empty: none
  bool quiet = false;
  bool verbose = false;
};
// The status of the command that was recorded, unless the recording failed.
ExitStatus run_record(const RecordCommand& command);

// `faultline convert`.
struct ConvertCommand {
  std::vector<std::string> traces{};
  std::string output{};
  std::string format{};  // of the traces; empty: detected
  std::string to{};      // empty: as the output's name says
  std::string filter{};  // empty: as the traces have it
  std::string skip{"0"};
  std::string limit{};  // empty: none
  bool salvage = false;
  bool lossy = false;
  ShowProgress progress = ShowProgress::kOnTerminal;
};
ExitStatus run_convert(const ConvertCommand& command);

// `faultline run`.
struct RunCommand {
  std::vector<std::string> scenarios{};
  std::string memory{};  // empty: unlimited
  std::string seed{"0"};
  bool json = false;
  bool paranoid = false;
};
ExitStatus run_scenarios(const RunCommand& command, Output& out);

// `faultline verify`.
struct VerifyCommand {
  std::vector<std::string> scenarios{};
  std::string random{};  // a profile; empty: the scenarios
  std::string seed{"0"};
  std::string statements{"10000"};
  bool answers = false;  // print what the kernel answers, compare nothing
  bool json = false;
  bool paranoid = false;
};
ExitStatus run_verify(const VerifyCommand& command, Output& out);

// `faultline mrc`.
struct MrcCommand {
  std::vector<std::string> traces{};
  std::string format{};  // empty: detected
  std::string paging{"x86-64"};
  std::string sample{};        // a rate; empty: none
  std::string sample_pages{};  // a number of pages; empty: none
  std::string policy{};        // policies that are measured too; empty: none
  std::string memory{};        // the sizes in which they are
  std::string seed{"0"};
  std::string skip{"0"};
  std::string limit{};      // empty: none
  std::string pages_max{};  // empty: as many as can be
  std::string chart{};      // a file; empty: none
  bool salvage = false;
  bool json = false;
  bool csv = false;
  bool paranoid = false;
  ShowProgress progress = ShowProgress::kOnTerminal;
};
ExitStatus run_mrc(const MrcCommand& command, Output& out);

// `faultline sweep`.
struct SweepCommand {
  std::vector<std::string> traces{};
  std::string format{};  // empty: detected
  SweepLists lists{};
  std::string skip{"0"};
  std::string limit{};  // empty: none
  std::string seed{"0"};
  std::string jobs{};   // empty: as many as processors
  std::string shard{};  // "I/N"; empty: all of it
  std::string chart{};  // a file; empty: none
  bool salvage = false;
  bool json = false;
  bool csv = false;
  bool paranoid = false;
  ShowProgress progress = ShowProgress::kOnTerminal;
};
ExitStatus run_sweep(const SweepCommand& command, Output& out);

// `faultline merge`.
struct MergeCommand {
  std::vector<std::string> shards{};
  std::string chart{};  // a file; empty: none
  bool json = false;
  bool csv = false;
};
ExitStatus run_merge(const MergeCommand& command, Output& out);

// Nothing is left to do: text was asked for (help, version), or the usage is wrong.
struct Finished {
  ExitStatus status = ExitStatus::kDone;
  std::string text{};  // to standard output
};

using Command = std::variant<Finished, ReplayCommand, RecordCommand, ConvertCommand, RunCommand,
                             VerifyCommand, MrcCommand, SweepCommand, MergeCommand>;

// Takes the command line apart and sets the log level. Wrong usage is told on standard error.
Command parse_command_line(int argc, const char* const* argv);

}  // namespace faultline::cli
