// The names that /proc/PID/smaps gives to the attributes of a VMA, row M3.
#pragma once

#include <cstdint>
#include <string>

namespace faultline::mm {

// Each flag's two letters and a blank, in the order of the bits: "rd wr mr mw me ac ". Source:
// Linux fs/proc/task_mmu.c show_smap_vma_flags(), 6.18, without CONFIG_MEM_SOFT_DIRTY.
std::string vm_flag_names(uint64_t flags);

}  // namespace faultline::mm
