#include "sim/base/check.h"

#include <doctest/doctest.h>

#include <cstdio>

#include "tests/support/death.h"

namespace faultline::base {
namespace {

using testing::dies_with;

// Prints its name; on request it breaks a check of its own.
class NamedContext final : public CrashContext {
 public:
  explicit NamedContext(const char* name, bool is_broken = false)
      : name_(name), is_broken_(is_broken) {}

  void print_crash_context(std::FILE* out) const override {
    std::fprintf(out, "context %s\n", name_);
    FL_CHECK_MSG(!is_broken_, "the context is broken too");
  }

 private:
  const char* name_;
  bool is_broken_;
};

TEST_CASE("FL_CHECK: a condition that holds does nothing, and is evaluated once") {
  int evaluations = 0;
  FL_CHECK(++evaluations == 1);
  CHECK(evaluations == 1);
}

TEST_CASE("FL_CHECK_MSG: the message of a condition that holds is not evaluated") {
  int evaluations = 0;
  FL_CHECK_MSG(true, "{}", ++evaluations);
  CHECK(evaluations == 0);
}

TEST_CASE("FL_CHECK: prints its place and condition, and aborts") {
  CHECK(dies_with([] { FL_CHECK(1 + 1 == 3); }, "tests/base/check_test.cc:"));
  CHECK(dies_with([] { FL_CHECK(1 + 1 == 3); }, "check failed: 1 + 1 == 3\n"));
}

TEST_CASE("FL_CHECK_MSG: prints the message") {
  CHECK(dies_with([] { FL_CHECK_MSG(false, "page {} of {}", 3, "heap"); }, "page 3 of heap\n"));
}

TEST_CASE("ScopedCrashContext: the innermost one is asked") {
  const NamedContext outer("outer");
  const ScopedCrashContext outer_scope(outer);
  {
    const NamedContext inner("inner");
    const ScopedCrashContext inner_scope(inner);
    CHECK(dies_with([] { FL_CHECK(false); }, "check failed: false\ncontext inner\n"));
  }
  CHECK(dies_with([] { FL_CHECK(false); }, "check failed: false\ncontext outer\n"));
}

TEST_CASE("ScopedCrashContext: a check that fails in the context ends the program") {
  const NamedContext broken("broken", true);
  const ScopedCrashContext scope(broken);
  CHECK(dies_with([] { FL_CHECK(false); }, "the context is broken too\n"));
}

TEST_CASE("dies_with: a body that lives, or dies with other words, is no death") {
  CHECK_FALSE(dies_with([] {}, ""));
  CHECK_FALSE(dies_with([] { FL_CHECK(false); }, "something else"));
}

}  // namespace
}  // namespace faultline::base
