// What the fuzzer of scenarios does with one input; the smoke test does the same.
//
// Threads: any.
#pragma once

#include <string_view>

namespace faultline::fuzz {

// Parses `text` as a scenario, and checks what comes out: errors lie within the text, and steps and
// statements of a program fit each other. Ends the program where they do not.
void fuzz_scenario(std::string_view text);

}  // namespace faultline::fuzz
