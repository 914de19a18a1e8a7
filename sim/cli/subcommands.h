// The options of commands that have a file of their own for them; command_line.cc calls these.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/commands.h"

namespace CLI {
class App;
}

namespace faultline::cli {

// Adds --progress and --no-progress.
void add_progress(CLI::App& app, ShowProgress& progress);

// Where a command keeps what the user says of the trace that it reads.
struct TraceChoice {
  std::vector<std::string>& traces;
  std::string& format;
  std::string& skip;
  std::string& limit;
  bool& salvage;
  ShowProgress& progress;
};
// Adds --format, --skip and --limit: how and which part of them is read. `verb` is what happens to
// accesses: "Replay".
void add_part(CLI::App& app, const TraceChoice& to, const std::string& verb);
// The same, TRACE, --salvage and add_progress().
void add_trace(CLI::App& app, const TraceChoice& to, const std::string& verb);

// Adds the command to `app`; what the user says goes to `to`.
CLI::App& add_replay(CLI::App& app, ReplayCommand& to);
CLI::App& add_mrc(CLI::App& app, MrcCommand& to);
CLI::App& add_sweep(CLI::App& app, SweepCommand& to);
CLI::App& add_merge(CLI::App& app, MergeCommand& to);

}  // namespace faultline::cli
