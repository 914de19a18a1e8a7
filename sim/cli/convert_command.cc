// `faultline convert`.
#include <optional>
#include <string>
#include <utility>

#include "faultline/trace.h"
#include "faultline/trace_writer.h"
#include "sim/base/log.h"
#include "sim/cli/commands.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/message.h"
#include "sim/cli/progress.h"
#include "sim/cli/quantities.h"
#include "sim/cli/salvage.h"

namespace faultline::cli {
namespace {

Result<CopyOptions, InputError> copy_options(const ConvertCommand& command) {
  CopyOptions options{.interrupted = &interrupt_flag()};
  auto skip = parse_count("--skip", command.skip);
  if (!skip) return skip.error();
  options.skip = *skip;
  if (command.limit.empty()) return options;
  auto limit = parse_count("--limit", command.limit);
  if (!limit) return limit.error();
  options.limit = *limit;
  return options;
}

// The form that the command line asks for. What it leaves open is as in the trace that is read.
Result<TraceWriterOptions, InputError> writer_options(const ConvertCommand& command) {
  const TraceFileName name = parse_trace_file_name(command.output);
  TraceWriterOptions options{.format = command.to.empty() ? name.format : command.to,
                             .compression = name.compression,
                             .lossy = command.lossy};
  if (command.filter == "runs") {
    options.filter = TraceFilter::kRuns;
  } else if (!command.filter.empty() && command.filter != "off") {
    return InputError{.message = "--filter: '" + command.filter + "' is not 'runs' or 'off'"};
  }
  if (!command.filter.empty() && options.format != "flt") {
    return InputError{.message = "--filter: only flt can hold runs, and " + command.output +
                                 " is to be " + options.format};
  }
  return options;
}

}  // namespace

ExitStatus run_convert(const ConvertCommand& command) {
  auto copy = copy_options(command);
  if (!copy) return fail(copy.error());
  auto form = writer_options(command);
  if (!form) return fail(form.error());
  catch_interrupt();
  // flt says what a fetch stands for.
  auto reader = open_trace(command.traces, {.format = command.format,
                                            .salvage = command.salvage,
                                            .one_fetch_unit = form->format == "flt"});
  if (!reader) return fail(reader.error());
  base::log(base::LogLevel::kInfo, "the trace's format is {}", (*reader)->format());
  if (command.filter.empty()) form->filter = (*reader)->filter();
  form->fetch_unit = (*reader)->fetch_unit();
  form->has_calls = (*reader)->has_calls();
  form->producer = "faultline convert, from " + std::string((*reader)->format());

  auto writer = create_trace(command.output, *form);
  if (!writer) return fail(writer.error());
  std::optional<Progress> progress;
  if (wants_progress(command.progress)) {
    progress.emplace(stderr);
    copy->on_progress = [&progress](uint64_t accesses) { progress->update(accesses); };
  }
  const auto outcome = copy_trace(**reader, **writer, *copy);
  progress.reset();
  if (!outcome) return fail(outcome.error());
  warn_of_damage(**reader);
  base::log(base::LogLevel::kInfo, "{} accesses were written", outcome->accesses);
  return outcome->interrupted ? ExitStatus::kInterrupted : ExitStatus::kDone;
}

}  // namespace faultline::cli
