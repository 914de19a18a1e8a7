// Parsers of blocks of Lackey's lines: a portable one, and one for processors with AVX2. They give
// the same answer to every input; a test and a fuzzer hold them to it.
//
// Threads: pure; any thread may use them.
#pragma once

#include "sim/trace/line.h"

namespace faultline::trace {

// Block parsers (line.h).
ParsedBlock parse_lackey_portable(std::string_view lines, Access* out);
// REQUIRES: has_lackey_avx2().
ParsedBlock parse_lackey_avx2(std::string_view lines, Access* out);
bool has_lackey_avx2();

// The faster of those that this processor can run.
BlockParser choose_lackey_parser();

}  // namespace faultline::trace
