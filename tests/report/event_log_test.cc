#include "sim/report/event_log.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace faultline::report {
namespace {

TEST_CASE("EventLog: a line an event") {
  CHECK(event_json({.tick = 7,
                    .kind = EventKind::kMinorFault,
                    .pid = Pid{1},
                    .address = VirtAddr{0x601000},
                    .pfn = Pfn{3},
                    .value = 0}) ==
        R"({"tick":7,"event":"minor_fault","pid":1,"address":"0x601000","frame":3,"value":0})");
  CHECK(event_json({.kind = EventKind::kSignal, .pid = Pid{2}, .value = 1}) ==
        R"({"tick":0,"event":"signal","pid":2,"address":"0x0","value":1})");
}

TEST_CASE("EventLog: writes each event at its turn") {
  std::string text;
  EventLog log([&text](std::string_view line) { text += line; });
  log.on_event({.tick = 1, .kind = EventKind::kTlbMiss});
  log.on_event({.tick = 2, .kind = EventKind::kWalk, .value = 4});
  CHECK(text ==
        "{\"tick\":1,\"event\":\"tlb_miss\",\"pid\":0,\"address\":\"0x0\",\"value\":0}\n"
        "{\"tick\":2,\"event\":\"walk\",\"pid\":0,\"address\":\"0x0\",\"value\":4}\n");
}

}  // namespace
}  // namespace faultline::report
