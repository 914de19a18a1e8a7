// What is wrong with something the user gave (a trace, a scenario, an option), and where.
//
// The program prints it as `FILE:LINE:COLUMN: message` or `FILE: byte N: message` and exits with
// status 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace faultline {

struct InputError {
  std::string file{};     // as the user named it; "-" is standard input; empty: an option
  std::string message{};  // lower case, without a full stop
  uint64_t line = 0;      // from 1; 0: not known
  uint64_t column = 0;    // from 1, in bytes; 0: not known
  std::optional<uint64_t> byte_offset{};  // from 0, in the file as it lies on disk

  // `FILE:LINE:COLUMN: message`, with the parts that are known.
  std::string to_string() const;
};

}  // namespace faultline
