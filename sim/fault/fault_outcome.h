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

  static FaultOutcome make_signal(SignalCode code, VirtAddr address) {
    return {FaultResult::kSignal, {code, address}};
  }
};

}  // namespace faultline::fault
