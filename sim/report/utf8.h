// File names in documents that are UTF-8 throughout.
//
// Threads: pure; any thread may use it.
#pragma once

#include <string>

namespace faultline::report {

// Bytes of `name` that are not UTF-8 stand for the characters U+0080 to U+00FF.
std::string utf8_name(const std::string& name);

}  // namespace faultline::report
