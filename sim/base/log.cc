#include "sim/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "sim/base/check.h"

namespace faultline::base {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  FL_CHECK(false);
}

spdlog::logger make_logger() {
  spdlog::logger logger("faultline", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger.set_pattern("%n: %l: %v");
  logger.set_level(spdlog::level::warn);
  logger.set_error_handler([](const std::string&) {});
  return logger;
}

// Made on first use, so that no constructor runs before main.
spdlog::logger& logger() {
  static spdlog::logger instance = make_logger();
  return instance;
}

}  // namespace

void set_log_level(LogLevel level) { logger().set_level(to_spdlog(level)); }

bool is_logged(LogLevel level) { return logger().should_log(to_spdlog(level)); }

void log_line(LogLevel level, std::string_view text) {
  logger().log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace faultline::base
