// Symptom: a path in a listing of mappings that ended in two carriage returns lost one of them each
// time the listing was read and printed.
#include <doctest/doctest.h>

#include <string>

#include "sim/replay/maps_file.h"

namespace faultline::replay {
namespace {

TEST_CASE("issue: no path read from a listing ends in a carriage return, however many there were") {
  const std::string line = "1000-2000 r--p 00000000 00:00 0    /tmp/x";
  for (const std::string end : {"", "\r", "\r\r\r"}) {
    const auto lines = parse_maps("t.maps", line + end + "\n");
    REQUIRE(lines.ok());
    CHECK(lines->front().path == "/tmp/x");
    const auto again = parse_maps("t.maps", lines->front().to_string() + "\n");
    REQUIRE(again.ok());
    CHECK(again->front().path == "/tmp/x");
  }
  const auto within = parse_maps("t.maps", line + "\ry\r\n");
  REQUIRE(within.ok());
  CHECK(within->front().path == "/tmp/x\ry");
}

}  // namespace
}  // namespace faultline::replay
