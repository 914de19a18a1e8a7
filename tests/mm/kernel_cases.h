// Cases: memory calls, one a line, each with the answer that the running kernel gave, and an
// AddressSpace that is asked the same.
//
// tests/differential/probes/calls.c records them (tests/golden/mm_*.txt). The first line names the
// kernel and the machine's pages of memory. "case NAME" begins a fresh process; every other line is
// a call and, after " = ", its answer:
//
//     mmap ADDRESS LENGTH PROT FLAGS FILE OFFSET   FILE: - or disk disk2 ro wo dir memfd
//     munmap ADDRESS LENGTH · mprotect ADDRESS LENGTH PROT · brk ADDRESS
//     msync ADDRESS LENGTH FLAGS · mseal ADDRESS LENGTH FLAGS
//     mremap ADDRESS OLD_LENGTH NEW_LENGTH FLAGS NEW_ADDRESS
//     remap_file_pages ADDRESS LENGTH PROT PGOFF FLAGS
//     counters                                     pages added to VmSize VmLck VmData VmStk RssAnon
//     mlock, munlock ADDRESS LENGTH · mlock2 ADDRESS LENGTH FLAGS · mlockall FLAGS · munlockall
//     locked                                       VmLck in pages
//     mdwe                                         prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN)
//     persona NUMBER                               personality(2)
//     load ADDRESS · store ADDRESS                 ok or the signal's code
//     rlimit as|data|stack|memlock BYTES           +N: N pages more than there are
//     fill COUNT ADDRESS                           one-page VMAs until there are COUNT of them
//     maps                                         /proc/PID/smaps: range, rights, offset, name,
//     flags
//
// Numbers are decimal or 0x, with K, M, G, or T (all of memory), and may be sums: 1T+4096.
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

namespace faultline::mm {

struct CaseMismatch {
  std::size_t line = 0;
  std::string name;  // of the case
  std::string call;
  std::string kernel;
  std::string simulator;
};

struct CaseReport {
  std::size_t cases = 0;
  std::size_t calls = 0;
  std::vector<CaseMismatch> mismatches;  // the first of each case; its rest is not run
};

CaseReport run_kernel_cases(std::istream& recorded);

}  // namespace faultline::mm
