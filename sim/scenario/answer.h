// Answer: what one executed statement came to, before it is printed.
//
// Threads: plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/errno.h"
#include "faultline/process.h"
#include "faultline/siginfo.h"

namespace faultline::scenario {

// An argument with its value.
struct Value {
  uint64_t number = 0;
  std::string_view text{};
};

struct Answer {
  uint64_t value = 0;  // what the call returned, or bytes done; -1 on failure
  std::optional<Errno> error{};
  std::optional<SigInfo> signal{};
  std::optional<FaultCounts> faults{};           // where the call may fault pages in
  std::optional<std::vector<std::byte>> data{};  // the first kDataBytesMax that were read
  std::optional<std::vector<MapsLine>> maps{};
  std::optional<std::string> text{};  // the lines of a file of /proc, each with its newline
  bool out_of_memory = false;         // no frame was to be had
};

inline constexpr size_t kDataBytesMax = 64;

}  // namespace faultline::scenario
