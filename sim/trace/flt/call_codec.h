// The calls of a trace (trace_call.h) as the bytes that an flt block holds.
//
// Threads: pure; any thread may use them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "faultline/trace_call.h"

namespace faultline::trace {

// Bounds of a call: a reader refuses more, and so does not take more memory than that.
inline constexpr std::size_t kCallBytesMax = 16 << 20;
inline constexpr std::size_t kCallPathBytesMax = 64 << 10;
inline constexpr std::size_t kCallMapsMax = 256 << 10;  // sysctl vm.max_map_count is 65530

// Appends the call. False: it is larger than kCallBytesMax and the other bounds; `to` is worth
// nothing then. REQUIRES: its maps ascend, and none is empty.
bool encode_call(std::string& to, const TraceCall& call);

// False: the bytes are not those of a call; `call` is worth nothing then.
bool decode_call(std::string_view bytes, TraceCall& call);

}  // namespace faultline::trace
