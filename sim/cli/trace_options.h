// The options that commands which read a trace have in common.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "sim/cli/subcommands.h"

namespace faultline::cli {

// Adds TRACE, and which part of it is read, to what `to` has of the same names. `verb` is what
// happens to the accesses: "Replay".
template <class Command>
void add_trace(CLI::App& app, Command& to, const std::string& verb) {
  app.add_option("TRACE", to.traces,
                 "Traces, read one after another as one; '-' is standard input; gzip, xz, zstd, "
                 "zip, lz4 and snappy (.sz) are recognised");
  app.add_option("--format", to.format,
                 "The traces' format, instead of detecting it; 'list' names them");
  app.add_option("--skip", to.skip, "Pass over that many accesses at the beginning");
  app.add_option("--limit", to.limit, verb + " that many accesses at most");
  app.add_flag("--salvage", to.salvage,
               "Report what can be read of a damaged trace, and warn of what cannot");
  add_progress(app, to.progress);
}

}  // namespace faultline::cli
