// EventLog: writes every event as one line of JSON (JSON Lines), in the order they happen:
//
//     {"tick":7,"event":"walk","pid":1,"address":"0x601000","frame":3,"value":4}
//
// `frame` is left out where the event has none. An output that cannot be written is told once, by
// failed(); the rest is dropped.
// Ownership: the FILE is the caller's, and outlives the log. Not thread-safe.
#pragma once

#include <cstdio>
#include <string>

#include "faultline/events.h"

namespace faultline::report {

class EventLog : public EventSink {
 public:
  explicit EventLog(std::FILE* out) : out_(out) {}

  void on_event(const Event& event) override;
  // Writes what is buffered; whether all of the log was written.
  bool flush();
  bool failed() const { return failed_; }

 private:
  std::FILE* out_;
  bool failed_ = false;
};

// The line of one event, without a newline.
std::string event_json(const Event& event);

}  // namespace faultline::report
