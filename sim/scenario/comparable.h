// The text of /proc as far as two kernels, or a kernel and the simulator, must agree on it: without
// what depends on the machine or on the program that asks.
//
// Source of the choice: what repeats exactly on a running kernel, docs/verify.md. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace faultline::scenario {

// `text` is what the call of that name printed. smaps loses devices, inodes, padding, and the lines
// that depend on timing; status keeps the lines about this process's own memory; others stay.
std::string comparable_text(std::string_view call, std::string_view text);
// A path without the inode's number, by which maps names what O_TMPFILE made.
std::string comparable_path(std::string path);

}  // namespace faultline::scenario
