// The signal that a fault ends in: what a handler installed with SA_SIGINFO would be told.
//
// Source: sigaction(2); Linux include/uapi/asm-generic/siginfo.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "faultline/types.h"

namespace faultline {

enum class SignalCode : uint8_t {
  kSegvMapErr,  // SIGSEGV, SEGV_MAPERR: no mapping at the address
  kSegvAccErr,  // SIGSEGV, SEGV_ACCERR: the mapping does not permit this kind of access
  kSiKernel,    // SIGSEGV, SI_KERNEL: a non-canonical address; si_addr is 0 then
  kBusAdrErr,   // SIGBUS, BUS_ADRERR: past the end of the file, or the page could not be read
};

struct SigInfo {
  SignalCode code = SignalCode::kSegvMapErr;
  VirtAddr address{};  // si_addr
  friend constexpr bool operator==(const SigInfo&, const SigInfo&) = default;
};

// "SIGSEGV" or "SIGBUS".
std::string_view signal_name(SignalCode code);
// "SEGV_MAPERR", "SEGV_ACCERR", "SI_KERNEL", "BUS_ADRERR".
std::string_view signal_code_name(SignalCode code);

}  // namespace faultline
