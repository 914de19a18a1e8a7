// The words and the JSON for answers that differ, always or once.
#include "sim/cli/verify_report.h"

#include <doctest/doctest.h>

namespace faultline::cli {
namespace {

const VerifyDifference kDifference{
    .line = 7, .kernel_answer = R"({"ret":1})", .simulated_answer = R"({"ret":2})"};

TEST_CASE("verify: a difference, in words and in JSON") {
  const VerifyReport report{.statements = 6, .kernel = "6.18.44", .difference = kDifference};
  CHECK(verify_text("a.scn", report) ==
        "a.scn:7: differs from Linux 6.18.44, after 6 statements that agree\n"
        "  Linux 6.18.44: {\"ret\":1}\n  simulated: {\"ret\":2}\n");
  CHECK(verify_json("a.scn", report) ==
        R"({"file":"a.scn","agree":false,"statements":6,"kernel":"6.18.44","settings":[],)"
        R"("skipped":[],"line":7,"kernel_answer":{"ret":1},"simulated_answer":{"ret":2}})"
        "\n");
}

TEST_CASE("verify: a difference that did not come again is told, and is none") {
  const VerifyReport report{.statements = 9, .kernel = "6.18.44", .unsteady = kDifference};
  CHECK(verify_text("a.scn", report) ==
        "a.scn: 9 statements, as on Linux 6.18.44\n  line 7, once and not again:\n"
        "  Linux 6.18.44: {\"ret\":1}\n  simulated: {\"ret\":2}\n");
  CHECK(verify_json("a.scn", report) ==
        R"({"file":"a.scn","agree":true,"statements":9,"kernel":"6.18.44","settings":[],)"
        R"("skipped":[],"unsteady":{"line":7,"kernel_answer":{"ret":1},)"
        R"("simulated_answer":{"ret":2}}})"
        "\n");
}

TEST_CASE("verify --random: the same, with the scenario's number") {
  const VerifyCommand command{.random = "disk", .seed = "5"};
  const RandomReport report{.statements = 100,
                            .scenarios = 3,
                            .unsteady = {{.scenario = 1, .difference = kDifference}},
                            .kernel = "6.18.44"};
  CHECK(random_text(command, report) ==
        "disk --seed 5: 100 statements in 3 scenarios, as on Linux 6.18.44\n"
        "  scenario 1, line 7, once and not again:\n"
        "  Linux 6.18.44: {\"ret\":1}\n  simulated: {\"ret\":2}\n");
  CHECK(random_json(command, report) ==
        R"({"profile":"disk","seed":5,"agree":true,"statements":100,"scenarios":3,)"
        R"("kernel":"6.18.44","settings":[],"unsteady":[{"scenario":1,"line":7,)"
        R"("kernel_answer":{"ret":1},"simulated_answer":{"ret":2}}]})"
        "\n");
}

}  // namespace
}  // namespace faultline::cli
