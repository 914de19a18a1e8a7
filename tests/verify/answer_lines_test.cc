// What is read off answers before two of them are held against each other.
#include "sim/scenario/verify/answer_lines.h"

#include <doctest/doctest.h>

#include <string>

namespace faultline::verify {
namespace {

TEST_CASE("an answer's line is the number it begins with") {
  CHECK(line_of(R"({"line":17,"pid":1,"call":"brk"})") == 17);
  CHECK(line_of("{}") == 0);
}

TEST_CASE("VmPTE may be lower on the kernel by the tables that the worker has anyway") {
  const auto answer = [](const char* size, const char* tables) {
    return std::string(R"({"call":"status","text":"VmSize:\t )") + size + R"( kB\nVmPTE:\t )" +
           tables + R"( kB\nVmSwap:\t 0 kB\n"})";
  };
  CHECK(alike(answer("132", "16"), answer("132", "16")));
  CHECK(alike(answer("132", "96"), answer("132", "104")));
  CHECK_FALSE(alike(answer("132", "96"), answer("132", "108")));
  CHECK_FALSE(alike(answer("132", "104"), answer("132", "96")));
  CHECK_FALSE(alike(answer("136", "96"), answer("132", "104")));
  CHECK_FALSE(alike("a", "b"));
}

}  // namespace
}  // namespace faultline::verify
