// What --paging names: a format of page tables that the simulator has, or a file that describes
// one.
#pragma once

#include <string>

#include "faultline/input_error.h"
#include "faultline/result.h"

namespace faultline::cli {

// MachineOptions::paging_description for that name: empty for a format that the simulator has, else
// what the file of that name holds. Errors: there is neither; the file cannot be read, or describes
// no format: the place in it or the key is named.
Result<std::string, InputError> read_paging(const std::string& name);

}  // namespace faultline::cli
