// Reads /proc/PID/maps listings, so that a replay can start from the mappings of a real process.
//
// The form is the kernel's: `start-end rwxp offset major:minor inode   path`, ascending. Source:
// Linux fs/proc/task_mmu.c show_vma_header_prefix(), seq_path() (a newline in a path is \012).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/process.h"
#include "faultline/result.h"

namespace faultline::replay {

// The lines of `text`, ascending and disjoint, without [vsyscall], which is the kernel's and no
// mapping. `file` is used in messages alone.
// Errors: where a line is not of that form, or lies not behind the one before; a listing without a
// mapping.
Result<std::vector<MapsLine>, InputError> parse_maps(const std::string& file,
                                                     std::string_view text);

}  // namespace faultline::replay
