// Runner: executes a parsed scenario on a machine.
//
// Ownership: the machine and the sink are the caller's.
// Threads: those of the machine.
#pragma once

#include "faultline/input_error.h"
#include "faultline/machine.h"
#include "faultline/result.h"
#include "faultline/scenario.h"
#include "sim/scenario/program.h"

namespace faultline::scenario {

// Runs `program` in a fresh process of `machine`; options.machine is not looked at. Checks the
// machine's invariants at the end, and after every statement where the options say so.
// Errors: a value that a statement cannot take; a process that is not there; too many statements.
// The statements before it have been executed and printed then.
Result<ScenarioReport, InputError> run(Program program, Machine& machine,
                                       const ScenarioOptions& options, LineSink& out);

}  // namespace faultline::scenario
