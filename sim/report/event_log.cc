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

void EventLog::on_event(const Event& event) {
  if (failed_) return;
  const std::string line = event_json(event) + '\n';
  failed_ = std::fwrite(line.data(), 1, line.size(), out_) != line.size();
}

bool EventLog::flush() {
  if (!failed_) failed_ = std::fflush(out_) != 0;
  return !failed_;
}

}  // namespace faultline::report
