// The limits of the language, from both sides.
#include <doctest/doctest.h>

#include <string>

#include "tests/scenario/support.h"

namespace faultline::scenario::testing {
namespace {

std::string parentheses(size_t depth) {
  return "fsync(" + std::string(depth, '(') + "3" + std::string(depth, ')') + ")";
}

std::string repeats(size_t depth) {
  std::string text;
  for (size_t i = 0; i < depth; ++i) text += "repeat 1 as i {\n";
  text += "fsync(3)\n";
  for (size_t i = 0; i < depth; ++i) text += "}\n";
  return text;
}

class Counter final : public LineSink {
 public:
  bool on_line(std::string_view) override { return ++lines > 0; }
  uint64_t lines = 0;
};

TEST_CASE("limits: 64 levels of parentheses, not 65") {
  CHECK(parse_verdict(parentheses(64)) == "ok");
  CHECK(parse_verdict(parentheses(65)) == "t.scn:1:71: more than 64 levels of parentheses");
}

TEST_CASE("limits: parentheses count where they nest, not how many there are") {
  std::string text = "fsync(0";
  for (int i = 0; i < 1000; ++i) text += "+(1)";
  CHECK(parse_verdict(text + ")") == "ok");
}

TEST_CASE("limits: 64 levels of repeat, not 65") {
  Run run;
  CHECK(run(repeats(64)).size() == 1);
  CHECK(parse_verdict(repeats(65)) == "t.scn:65:1: more than 64 levels of repeat");
}

TEST_CASE("limits: a line of 1 MiB, not a byte more") {
  const std::string line = "fsync(3)" + std::string((size_t{1} << 20) - 8, ' ');
  CHECK(parse_verdict(line + "\nfsync(4)\n") == "ok");
  CHECK(parse_verdict(line + "\r\nfsync(4)\n") == "ok");
  CHECK(parse_verdict("fsync(3)\n" + line + " \n") == "t.scn:2:1048577: line longer than 1 MiB");
}

TEST_CASE("limits: a line full of operators needs no deep stack") {
  std::string text = "a = lseek(3, ";
  text += std::string(500'000, '-') + "7";
  Run run;
  run(text + ", SEEK_SET)");
  CHECK(run.machine.state().calls.back() == "lseek(3, 7, 0)");
  text = "a = lseek(3, 0";
  for (int i = 0; i < 250'000; ++i) text += "+1";
  run(text + ", SEEK_SET)");
  CHECK(run.machine.state().calls.back() == "lseek(3, 250000, 0)");
}

TEST_CASE("limits: 10^7 statements run, the next one does not") {
  faultline::testing::FakeMachine machine;
  const ScenarioOptions options{.output = ScenarioOutput::kJson};
  Counter out;
  // maps: the fake machine remembers nothing of it.
  auto program = parse("t.scn", "repeat 1000 as i {\nrepeat 10000 as j { maps() }\n}\n  maps()\n");
  const auto error = run(std::move(program).value(), machine, options, out);
  REQUIRE(!error.ok());
  CHECK(error.error().to_string() == "t.scn:4:3: more than 10000000 statements executed");
  CHECK(out.lines == 10'000'000);
}

TEST_CASE("limits: repeats without statements end too") {
  Run run;
  CHECK(run("repeat -1 as i {\n}\n").empty());
  CHECK(run.error == "t.scn:1:1: more than 10000000 rounds of repeat without a statement");
}

TEST_CASE("limits: a repeat of none runs nothing, however much stands in it") {
  Run run;
  CHECK(run("repeat 0 as i { repeat 1/0 as j {\n fsync(i) } }\nfsync(7)\n") ==
        Text{R"({"line":3,"pid":1,"call":"fsync","ret":0})"});
  CHECK(run.error.empty());
}

}  // namespace
}  // namespace faultline::scenario::testing
