// FL_CHECK: the simulator watches itself. Linux's BUG_ON.
//
// A broken invariant stops the program at once, in release builds too: a result computed after it
// would be worth nothing. Bad input is never reported this way (see InputError, Result).
//
// What is printed on standard error: file, line, condition, the message if there is one, and then
// whatever the innermost ScopedCrashContext of this thread has to say (the machine prints its maps,
// the PTE path and the step).
//
// Threads: a check may fail on any thread; each thread has its own crash context.

#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <string>

// Stops the program if `condition` does not hold.
#define FL_CHECK(condition)     \
  (static_cast<bool>(condition) \
       ? static_cast<void>(0)   \
       : ::faultline::base::check_failed({__FILE__, __LINE__, #condition}, {}))

// The same, with a message: a format string and its arguments, evaluated only on failure.
#define FL_CHECK_MSG(condition, ...)                                       \
  (static_cast<bool>(condition)                                            \
       ? static_cast<void>(0)                                              \
       : ::faultline::base::check_failed({__FILE__, __LINE__, #condition}, \
                                         ::fmt::format(__VA_ARGS__)))

namespace faultline::base {

// Somebody who can describe the state of a machine in which a check failed.
class CrashContext {
 public:
  // Writes the description to `out`. The machine may be in any state: print what can be read
  // without following a pointer that the broken invariant vouched for. A check that fails in here
  // ends the program with no further description.
  virtual void print_crash_context(std::FILE* out) const = 0;

 protected:
  ~CrashContext() = default;
};

// Makes `context` the one that is asked, from here to the end of the scope, on this thread.
//
// Invariants: scopes of one thread nest; a context outlives its scope.
class ScopedCrashContext {
 public:
  explicit ScopedCrashContext(const CrashContext& context);
  ~ScopedCrashContext();
  ScopedCrashContext(const ScopedCrashContext&) = delete;
  ScopedCrashContext& operator=(const ScopedCrashContext&) = delete;

 private:
  const CrashContext* outer_;
};

// The place of a check.
struct CheckSite {
  const char* file;
  int line;
  const char* condition;
};

// What a failed check does. Call it through the macros.
[[noreturn, gnu::cold]] void check_failed(const CheckSite& site, const std::string& message);

}  // namespace faultline::base
