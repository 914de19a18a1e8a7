#include "sim/base/check.h"

#include <cstdlib>
#include <utility>

namespace faultline::base {
namespace {

// The one mutable variable of the project that no object owns: a failing check has nothing but
// itself, and must still find the machine it failed in. A thread runs one machine at a time.
thread_local const CrashContext* crash_context = nullptr;

}  // namespace

ScopedCrashContext::ScopedCrashContext(const CrashContext& context)
    : outer_(std::exchange(crash_context, &context)) {}

ScopedCrashContext::~ScopedCrashContext() { crash_context = outer_; }

void check_failed(const CheckSite& site, const std::string& message) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", site.file, site.line, site.condition);
  if (!message.empty()) std::fprintf(stderr, "  %s\n", message.c_str());
  // Taken away first, so that a check that fails while the context prints does not ask it again.
  if (const CrashContext* context = std::exchange(crash_context, nullptr)) {
    context->print_crash_context(stderr);
  }
  std::fflush(stderr);
  std::abort();
}

}  // namespace faultline::base
