// Messages to the person at the terminal: one line each on standard error, as
// `faultline: level: text`.
//
// No time, process or thread is named: the same run prints the same bytes. Results of a simulation
// are never logged; they are reports. This is the only user of spdlog.
//
// Threads: any.

#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace faultline::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Messages below `level` are dropped from now on; it is kWarning before the first call. main's to
// decide (-v, -q).
void set_log_level(LogLevel level);

// Whether a message of `level` is printed.
bool is_logged(LogLevel level);

// Prints one message. A failure to write is ignored: there is nobody left to tell.
void log_line(LogLevel level, std::string_view text);

// Formats and prints one message; nothing is formatted if it is not printed.
template <typename... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace faultline::base
