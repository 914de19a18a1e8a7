// Numbers as strace prints them: flags by name, bits without a name in hexadecimal behind them.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>

#include "sim/scenario/calls.h"

namespace faultline::scenario {

// The argument's value, for every kind that is a number.
std::string argument_text(ArgumentKind kind, uint64_t value);

}  // namespace faultline::scenario
