#include "sim/base/log.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/support/death.h"

namespace faultline::base {
namespace {

using testing::dies_with;

TEST_CASE("log: warnings are printed from the beginning, lesser messages are not") {
  CHECK(is_logged(LogLevel::kError));
  CHECK(is_logged(LogLevel::kWarning));
  CHECK_FALSE(is_logged(LogLevel::kInfo));
  CHECK_FALSE(is_logged(LogLevel::kDebug));
}

TEST_CASE("log: a message is one line with program and level, in the order of the calls") {
  const auto body = [] {
    set_log_level(LogLevel::kInfo);
    log(LogLevel::kInfo, "page {}", 1);
    log(LogLevel::kDebug, "page {}", 2);
    log(LogLevel::kError, "{} is braces: {{}}", "{}");
    std::abort();
  };
  CHECK(dies_with(body, "faultline: info: page 1\nfaultline: error: {} is braces: {}\n"));
}

TEST_CASE("log: arguments of a dropped message are not formatted") {
  set_log_level(LogLevel::kError);
  log(LogLevel::kWarning, "{}", "never printed");
  CHECK_FALSE(is_logged(LogLevel::kWarning));
  set_log_level(LogLevel::kWarning);
}

}  // namespace
}  // namespace faultline::base
