// FaultOutcome: how the handling of a page fault ended. Linux's vm_fault_t, in the words of
// getrusage(2) and signal(7).
#pragma once

#include <cstdint>

#include "faultline/siginfo.h"

namespace faultline::fault {

enum class FaultResult : uint8_t {
  kMinor,        // the page is there now; no storage was read
  kMajor,        // the page is there now; storage was read
  kSpurious,     // the page table granted the access already: only the TLB was stale
  kSignal,       // the access cannot be completed
  kOutOfMemory,  // a frame was needed, none is free and none can be evicted
};

struct FaultOutcome {
  FaultResult result = FaultResult::kMinor;
  SigInfo signal{};  // kSignal
  // kMinor: the lock on the address space was dropped on the way, and the fault taken anew. To a
  // system call such a fault is major; the program's own faults hold the lock of the VMA alone, and
  // are not. Source: Linux mm/filemap.c filemap_fault(), arch/x86/mm/fault.c
  // do_user_addr_fault(), mm/memory.c mm_account_fault(), 6.18 (FAULT_FLAG_TRIED).
  bool dropped_lock = false;

  static FaultOutcome make_signal(SignalCode code, VirtAddr address) {
    return {.result = FaultResult::kSignal, .signal = {code, address}};
  }
};

}  // namespace faultline::fault
