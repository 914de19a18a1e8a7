// What can be read off an answer in its JSON form, for comparing two.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string_view>

#include "faultline/verify.h"

namespace faultline::verify {

// The scenario's line of an answer; 0 where it has none.
uint64_t line_of(std::string_view answer);
// Whether the two differ in nothing but which faults were major, their sum being the same.
bool same_but_for_majors(const VerifyDifference& difference);

}  // namespace faultline::verify
