// The layout of a program that QEMU has loaded, as Linux would show it in /proc/PID/maps.
//
// QEMU keeps the program in its own address space, at the program's addresses, among its own
// mappings, which lie higher; and it maps nothing as executable, for it executes nothing of the
// program. The rights are those of the ELF files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/process.h"
#include "faultline/result.h"

namespace faultline::record {

// The program's part of `maps`, the text of QEMU's /proc/PID/maps, with the program's rights.
// `address_of_qemu` lies in QEMU's own program.
// Errors: the text is not such, or the address lies in none of its mappings.
Result<std::vector<MapsLine>, InputError> guest_layout(const std::string& maps,
                                                       uint64_t address_of_qemu);

}  // namespace faultline::record
