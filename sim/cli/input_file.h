// Small text files that are read whole: scenarios, /proc/PID/maps listings.
#pragma once

#include <cstdint>
#include <string>

#include "faultline/input_error.h"
#include "faultline/result.h"

namespace faultline::cli {

inline constexpr uint64_t kTextFileBytesMax = uint64_t{1} << 30;

// The bytes of the file; "-" is standard input.
// Errors: it cannot be opened or read, is a directory, or holds more than kTextFileBytesMax.
Result<std::string, InputError> read_text_file(const std::string& name);

}  // namespace faultline::cli
