// What `faultline verify` prints: words for a person, or JSON as docs/verify.md says.
//
// Threads: any.
#pragma once

#include <string>

#include "faultline/verify.h"
#include "sim/cli/commands.h"

namespace faultline::cli {

// One scenario's result, one or several lines.
std::string verify_text(const std::string& file, const VerifyReport& report);
std::string verify_json(const std::string& file, const VerifyReport& report);

// The result of random scenarios; behind a difference, the scenario that shows it.
std::string random_text(const VerifyCommand& command, const RandomReport& report);
std::string random_json(const VerifyCommand& command, const RandomReport& report);

}  // namespace faultline::cli
