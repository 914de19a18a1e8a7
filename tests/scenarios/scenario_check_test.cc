// The judge is judged: on the fake machine, which is known.
#include "tests/scenarios/scenario_check.h"

#include <doctest/doctest.h>

namespace faultline::scenarios {
namespace {

TEST_CASE("scenario check: a scenario that expects what comes passes") {
  const Judgement judgement = check_scenario("a.scn", "fsync(3) = 0\n", "");
  CHECK(judgement.verdict == Verdict::kPassed);
  CHECK(judgement.details == "");
}

TEST_CASE("scenario check: a failed expectation fails, and is shown") {
  const Judgement judgement = check_scenario("a.scn", "fsync(3) = 0\nfsync(4) = 7\n", "");
  CHECK(judgement.verdict == Verdict::kFailed);
  CHECK(judgement.details ==
        "  {\"line\":2,\"pid\":1,\"call\":\"fsync\",\"ret\":0,\"expected\":\"7\"}\n");
}

TEST_CASE("scenario check: the kernel's answers are compared to the byte") {
  const std::string kernel = "{\"line\":1,\"pid\":1,\"call\":\"fsync\",\"ret\":0}\n";
  CHECK(check_scenario("a.scn", "fsync(3)\n", kernel).verdict == Verdict::kPassed);
  const Judgement other = check_scenario("a.scn", "fdatasync(3)\n", kernel);
  CHECK(other.verdict == Verdict::kFailed);
  CHECK(other.details ==
        "  simulated: {\"line\":1,\"pid\":1,\"call\":\"fdatasync\",\"ret\":0}\n"
        "  the kernel: {\"line\":1,\"pid\":1,\"call\":\"fsync\",\"ret\":0}\n");
  CHECK(check_scenario("a.scn", "fsync(3)\nfsync(3)\n", kernel).verdict == Verdict::kFailed);
  CHECK(check_scenario("a.scn", "", kernel).verdict == Verdict::kFailed);
}

TEST_CASE("scenario check: a call that is not simulated yet skips, a wrong scenario fails") {
  const Judgement later = check_scenario("a.scn", "p = execve()\n", "");
  CHECK(later.verdict == Verdict::kSkipped);
  CHECK(later.details == "  a.scn:1:5: call not simulated yet: execve\n");
  const Judgement wrong = check_scenario("a.scn", "fork\n", "");
  CHECK(wrong.verdict == Verdict::kFailed);
  CHECK(wrong.details == "  a.scn:1:5: expected ( or =, the line ends here\n");
}

}  // namespace
}  // namespace faultline::scenarios
