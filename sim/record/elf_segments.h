// ElfSegments: the loadable segments of an x86-64 ELF file.
//
// Units: addresses are the file's own (p_vaddr), rounded to pages outwards.
#pragma once

#include <string>
#include <vector>

#include "faultline/types.h"

namespace faultline::record {

struct ElfSegment {
  AddrRange range{};
  char permissions[4] = "---";  // "r-x"
};

// Ascending; empty where the file cannot be read or is no such file.
std::vector<ElfSegment> read_elf_segments(const std::string& path);

}  // namespace faultline::record
