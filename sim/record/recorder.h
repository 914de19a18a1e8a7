// The recorder: runs a program and hands out, as they come, its accesses, its mapping calls with
// the files they map, its threads and its forks, as one trace in one order.
//
// Two back ends do the work. QEMU's user mode, with a plugin of ours that it loads, follows every
// process. Valgrind's Lackey follows the first process alone, and is several times slower; it is
// there where QEMU is not.
//
// Threads: one; one recording at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/result.h"
#include "sim/record/trace_sink.h"

namespace faultline::record {

enum class Backend : uint8_t { kAuto, kQemu, kLackey };

struct RecordRequest {
  std::vector<std::string> command{};  // not empty; the first is looked up in PATH
  Backend backend = Backend::kAuto;    // kAuto: QEMU if it is installed
  FetchUnit fetches = FetchUnit::kInstruction;
  // Our own standard output is for something else: the command's goes to standard error.
  bool output_to_stderr = false;
};

struct Recording {
  int exit_status = 0;  // of the command, as a shell would say it: 128 + the signal
  // What is missing from the trace, each in a sentence for the user.
  std::vector<std::string> gaps{};
};

// The back end that kAuto stands for here. Errors: neither is installed; names the packages.
Result<Backend, InputError> choose_backend(Backend asked);
// Its name, as --backend takes it.
const char* backend_name(Backend backend);

// Runs the command to its end.
// Errors: the back end is not installed, or does not work; the command cannot be executed.
Result<Recording, InputError> record(const RecordRequest& request, TraceSink& sink);

}  // namespace faultline::record
