// What can be read off an answer in its JSON form, for comparing two.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string_view>

namespace faultline::verify {

// The scenario's line of an answer; 0 where it has none.
uint64_t line_of(std::string_view answer);

// Whether two answers are alike; of VmPTE the kernel's may be lower by the two tables that the
// worker has in common with mappings below 512 GiB (docs/verify.md).
bool alike(std::string_view kernel_answer, std::string_view simulated_answer);

}  // namespace faultline::verify
