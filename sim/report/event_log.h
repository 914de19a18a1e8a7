// EventLog: writes every event as one line of JSON (JSON Lines), in the order they happen:
//
//     {"tick":7,"event":"walk","pid":1,"address":"0x601000","frame":3,"value":4}
//
// `frame` is left out where the event has none. Where the lines go is the caller's business.
// Not thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "faultline/events.h"

namespace faultline::report {

// The line of one event, without a newline.
std::string event_json(const Event& event);

class EventLog : public EventSink {
 public:
  // `write` is given each line, a newline at its end.
  explicit EventLog(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

  void on_event(const Event& event) override { write_(event_json(event) + '\n'); }

 private:
  const std::function<void(std::string_view)> write_;
};

}  // namespace faultline::report
