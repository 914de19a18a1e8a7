#include "sim/report/event_log.h"

#include <fmt/format.h>

#include <iterator>

namespace faultline::report {

std::string event_json(const Event& event) {
  std::string line =
      fmt::format(R"({{"tick":{},"event":"{}","pid":{},"address":"{:#x}",)", event.tick,
                  event_name(event.kind), event.pid.value, event.address.value);
  if (event.pfn != kNoPfn)
    fmt::format_to(std::back_inserter(line), R"("frame":{},)", event.pfn.value);
  fmt::format_to(std::back_inserter(line), R"("value":{}}})", event.value);
  return line;
}

}  // namespace faultline::report
