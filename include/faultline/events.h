// What happened inside a machine, one record a step, for those who asked to be told.
//
// Nothing is built or called when no EventSink is set.
#pragma once

#include <cstdint>
#include <string_view>

#include "faultline/types.h"

namespace faultline {

enum class EventKind : uint8_t {
  kTlbMiss,     // no level had the page; a walk follows. The retry after a fault is no lookup
  kWalk,        // pfn: the frame, unless it ends in a fault; value: page-table entries read
  kPageFault,   // value: the x86 error code
  kMinorFault,  // the last page fault was one
  kMajorFault,  // likewise
  kSignal,      // address: si_addr; value: SignalCode
  kEvict,       // pfn: the frame, free now; value: 1 when its page was dirty; pid and address: the
                // first mapping that it had, 0 when it had none
  kWriteBack,   // pfn: the frame; value: the page of the file (pgoff); pid and address: the first
                // mapping that it has, 0 when it has none
};

struct Event {
  uint64_t tick = 0;  // virtual time
  EventKind kind = EventKind::kWalk;
  Pid pid{};
  VirtAddr address{};
  Pfn pfn = kNoPfn;
  uint64_t value = 0;
};

// "tlb_miss" for kTlbMiss.
std::string_view event_name(EventKind kind);

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(const Event& event) = 0;
};

}  // namespace faultline
