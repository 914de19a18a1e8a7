// The options that commands which read a trace have in common.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "sim/cli/subcommands.h"

namespace faultline::cli {

void add_progress(CLI::App& app, ShowProgress& progress) {
  app.add_flag_callback(
      "--progress", [&progress] { progress = ShowProgress::kYes; },
      "Show progress also where standard error is no terminal");
  app.add_flag_callback(
      "--no-progress", [&progress] { progress = ShowProgress::kNo; }, "Show none");
}

void add_part(CLI::App& app, const TraceChoice& to, const std::string& verb) {
  app.add_option("--format", to.format,
                 "The traces' format, instead of detecting it; 'list' names them");
  app.add_option("--skip", to.skip, "Pass over that many accesses at the beginning");
  app.add_option("--limit", to.limit, verb + " that many accesses at most");
}

void add_trace(CLI::App& app, const TraceChoice& to, const std::string& verb) {
  app.add_option("TRACE", to.traces,
                 "Traces, read one after another as one; '-' is standard input; gzip, xz, zstd, "
                 "zip, lz4 and snappy (.sz) are recognised");
  add_part(app, to, verb);
  app.add_flag("--salvage", to.salvage,
               "Report what can be read of a damaged trace, and warn of what cannot");
  add_progress(app, to.progress);
}

}  // namespace faultline::cli
