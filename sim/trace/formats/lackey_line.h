// The one strict parser of a line of Valgrind's Lackey: every record passes through it, or through
// a faster one that takes only what this one takes (lackey_block.h). See docs/formats/lackey.md.
//
// Threads: pure; any thread may use it.
#pragma once

#include "sim/trace/line.h"

namespace faultline::trace {

// The length of `I 0,1` with its newline.
inline constexpr std::size_t kLackeyRecordBytesMin = 6;

// A LineParser.
// Source: Valgrind 3.19 lackey/lk_main.c, trace_instr(), trace_load(), trace_store(),
// trace_modify().
ParsedLine parse_lackey_line(std::string_view line);

}  // namespace faultline::trace
