// Shrinking keeps what matters and drops the rest.
#include "sim/scenario/verify/shrink.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace faultline::verify {
namespace {

using Lines = std::vector<std::string>;

bool holds(const Lines& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

Lines hundred() {
  Lines lines;
  for (int i = 0; i < 100; ++i) lines.push_back(std::to_string(i));
  return lines;
}

TEST_CASE("shrink leaves the lines without which the difference goes, in their order") {
  const auto both = [](const Lines& lines) { return holds(lines, "3") && holds(lines, "77"); };
  CHECK(shrink(hundred(), 1000, both) == Lines{"3", "77"});
}

TEST_CASE("shrink leaves one line where any will do, and never none") {
  CHECK(shrink(hundred(), 1000, [](const Lines&) { return true; }).size() == 1);
}

TEST_CASE("shrink leaves everything where nothing can go") {
  CHECK(shrink(hundred(), 1000, [](const Lines& lines) { return lines.size() == 100; }) ==
        hundred());
}

TEST_CASE("shrink asks no more often than it may, and its result still differs") {
  uint64_t questions = 0;
  const auto counted = [&](const Lines& lines) {
    ++questions;
    return holds(lines, "50");
  };
  const Lines left = shrink(hundred(), 5, counted);
  CHECK(questions <= 5);
  CHECK(holds(left, "50"));
}

}  // namespace
}  // namespace faultline::verify
