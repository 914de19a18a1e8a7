// One-line messages of the program on standard error: `faultline: TEXT`, the name in red on a
// terminal unless NO_COLOR says otherwise (https://no-color.org).
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "faultline/input_error.h"
#include "faultline/trace_writer.h"
#include "sim/cli/exit_status.h"

namespace faultline::cli {

// A failure to write is ignored: there is nobody left to tell.
void print_error(std::string_view text);

// The same of an error; returns `status`.
ExitStatus fail(const InputError& error, ExitStatus status = ExitStatus::kBadInput);

// The same where a trace cannot be written. A reader that closes its end of a pipe has had what it
// wanted, which is no error: the status is `reader_gone` then.
ExitStatus fail(const TraceWriteError& error, ExitStatus reader_gone = ExitStatus::kDone);

// An error of a command line.
inline InputError wrong(std::string message) { return {.message = std::move(message)}; }

// Whether colour is welcome on standard error.
bool colour_on_stderr();

}  // namespace faultline::cli
