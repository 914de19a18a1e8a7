// Parses a scenario. The language is described in docs/scenario.md.
//
// Threads: any.
#pragma once

#include <string_view>

#include "faultline/input_error.h"
#include "faultline/result.h"
#include "sim/scenario/program.h"

namespace faultline::scenario {

// The program that `text` is; `file` is its name in messages. O(bytes * log names).
// Errors: the first thing that is wrong, with its line and column.
Result<Program, InputError> parse(std::string_view file, std::string_view text);

}  // namespace faultline::scenario
