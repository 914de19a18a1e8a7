// The names of signals, signal codes and events as they are printed.
#include <cstdlib>

#include "faultline/events.h"
#include "faultline/siginfo.h"

namespace faultline {

std::string_view signal_name(SignalCode code) {
  return code == SignalCode::kBusAdrErr ? "SIGBUS" : "SIGSEGV";
}

std::string_view signal_code_name(SignalCode code) {
  switch (code) {
    case SignalCode::kSegvMapErr:
      return "SEGV_MAPERR";
    case SignalCode::kSegvAccErr:
      return "SEGV_ACCERR";
    case SignalCode::kSiKernel:
      return "SI_KERNEL";
    case SignalCode::kBusAdrErr:
      return "BUS_ADRERR";
  }
  std::abort();
}

std::string_view event_name(EventKind kind) {
  switch (kind) {
    case EventKind::kTlbMiss:
      return "tlb_miss";
    case EventKind::kWalk:
      return "walk";
    case EventKind::kPageFault:
      return "page_fault";
    case EventKind::kMinorFault:
      return "minor_fault";
    case EventKind::kMajorFault:
      return "major_fault";
    case EventKind::kSignal:
      return "signal";
    case EventKind::kEvict:
      return "evict";
    case EventKind::kWriteBack:
      return "write_back";
  }
  std::abort();
}

}  // namespace faultline
