// What several tests of `faultline replay` share: the report as JSON, and its comparison with the
// naive reference.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/naive/naive_reference.h"

namespace faultline::testing {

// Whether AddressSanitizer slows this down: what takes long then does less.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

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
