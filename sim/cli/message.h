// One-line messages of the program on standard error: `faultline: TEXT`, the name in red on a
// terminal unless NO_COLOR says otherwise (https://no-color.org).
#pragma once

#include <string_view>

#include "faultline/input_error.h"
#include "sim/cli/exit_status.h"

namespace faultline::cli {

// A failure to write is ignored: there is nobody left to tell.
void print_error(std::string_view text);

// The same of an error; returns `status`.
ExitStatus fail(const InputError& error, ExitStatus status = ExitStatus::kBadInput);

// Whether colour is welcome on standard error.
bool colour_on_stderr();

}  // namespace faultline::cli
