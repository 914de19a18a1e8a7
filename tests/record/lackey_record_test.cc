// Real programs under Valgrind's Lackey, recorded and held against what they are known to do, and
// against what QEMU sees of them.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/record/recorded.h"

namespace faultline::record::testing {
namespace {

const bool kInstalled = installed(Backend::kLackey);

Recorded run_lackey(const std::vector<std::string>& command) {
  Recorded recorded = run(command, {.backend = Backend::kLackey});
  CHECK_MESSAGE(recorded.checker.outside() == 0, recorded.checker.first_outside());
  CHECK(recorded.checker.counts().total() > 10000);
  return recorded;
}

TEST_CASE("recording by Lackey: every access of a page is there, once, with its kind") {
  if (!kInstalled) return;
  const Recorded recorded = run_lackey({own_program("accesses")});
  CHECK(recorded.recording.exit_status == 7);
  CHECK(recorded.recording.gaps.empty());
  const uint64_t page = numbers_of(recorded.output).at(0);
  const AccessCounts counts = recorded.in(page, page + 4096);
  CHECK(counts.of(AccessKind::kLoad) == 12345);
  CHECK(counts.of(AccessKind::kStore) == 777);
  CHECK(counts.of(AccessKind::kModify) == 100);

  if (!installed(Backend::kQemu)) return;
  // The two load the program in different ways, and agree about the program.
  const Recorded qemu = run({own_program("accesses")});
  const auto near = [](uint64_t a, uint64_t b) { return a < b + b / 4 && b < a + a / 4; };
  for (const AccessKind kind : {AccessKind::kFetch, AccessKind::kLoad, AccessKind::kStore}) {
    CAPTURE(int(kind));
    CHECK(near(recorded.checker.counts().of(kind), qemu.checker.counts().of(kind)));
  }
}

TEST_CASE("recording by Lackey: threads") {
  if (!kInstalled) return;
  const Recorded recorded = run_lackey({own_program("threads")});
  CHECK(recorded.checker.count_calls(TraceCallKind::kThread) == 4);
  CHECK(recorded.checker.count_calls(TraceCallKind::kThreadExit) == 4);
}

TEST_CASE("recording by Lackey: a child is named, and not recorded") {
  if (!kInstalled) return;
  const Recorded recorded = run_lackey({own_program("forks"), own_program("accesses")});
  CHECK(recorded.recording.exit_status == 7);
  REQUIRE(recorded.recording.gaps.size() == 1);
  CHECK(recorded.recording.gaps[0].starts_with("1 processes that the command forked"));
  CHECK(recorded.checker.count_calls(TraceCallKind::kFork) == 1);
  CHECK(recorded.checker.count_calls(TraceCallKind::kExit) == 2);
}

TEST_CASE("recording by Lackey: commands and options that it cannot serve") {
  if (!kInstalled) return;
  Recorded recorded;
  const auto missing =
      record({.command = {"no-such-command-anywhere"}, .backend = Backend::kLackey}, recorded);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().to_string() == "no-such-command-anywhere: command not found");
  const auto blocks = record(
      {.command = {"/bin/true"}, .backend = Backend::kLackey, .fetches = FetchUnit::kBasicBlock},
      recorded);
  REQUIRE_FALSE(blocks.ok());
  CHECK(blocks.error().to_string() == "--fetch block: --backend lackey tells each instruction");
}

}  // namespace
}  // namespace faultline::record::testing
