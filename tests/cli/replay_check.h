// What several tests of `faultline replay` share: the report as JSON, and its comparison with the
// naive reference.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/naive/naive_reference.h"
#include "tests/support/sanitized.h"

namespace faultline::testing {

// The committed traces.
const std::vector<std::string>& committed_traces();
// The command that unpacks it to standard output. Not by its name: zstd passes over links.
std::string unpack_command(const std::string& trace);

// Runs `faultline replay args… --json`, requires that all is well, and returns what it printed.
std::string replay(std::vector<std::string> args);
// The number at a JSON pointer of such a report.
uint64_t number(const std::string& report, const char* pointer);

// Checks that every count that the reference knows is the same in the report of a replay without
// mappings.
void check_equal(const std::string& report, const naive::Replay& reference);

}  // namespace faultline::testing
