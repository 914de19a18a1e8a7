// Strings of JSON (RFC 8259), from bytes that need not be UTF-8.
//
// Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace faultline::scenario {

// Adds `bytes` to `out` as a JSON string with its quotes. A byte that is no part of UTF-8 (RFC
// 3629: neither overlong forms nor surrogates are) is written as \u00XX.
void append_json_string(std::string& out, std::string_view bytes);

}  // namespace faultline::scenario
