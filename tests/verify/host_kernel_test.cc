// The simulator against the kernel that this test runs on: every scenario of tests/scenarios, and
// some random statements of every profile.
#include <doctest/doctest.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "faultline/verify.h"
#include "sim/scenario/host/one_processor.h"
#include "sim/scenario/host/settings.h"

namespace faultline {
namespace {

// Rules newer than this are not the kernel's: docs/fidelity.md describes 6.18.
constexpr std::string_view kModelled = "6.18.";

// Says why where no comparison can be made.
bool can_ask() {
  std::string why;
  if (const auto lacking = missing_for_verify()) why = "verify needs " + *lacking;
  const std::string kernel = host::kernel_version();
  if (why.empty() && !kernel.starts_with(kModelled)) why = "the kernel is " + kernel;
  if (why.empty()) return true;
  std::printf("SKIPPED: %s\n", why.c_str());
  return false;
}

std::string contents(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::string told(const VerifyDifference& difference) {
  return "\n  the kernel: " + difference.kernel_answer +
         "\n  simulated:  " + difference.simulated_answer;
}

TEST_CASE("the scenarios of this project come to the same on this kernel") {
  if (!can_ask()) return;
  int compared = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/scenarios")) {
    if (entry.path().extension() != ".scn") continue;
    const auto report = verify_scenario(entry.path().string(), contents(entry.path()), {});
    INFO(entry.path().string());
    REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().to_string()));
    CHECK_MESSAGE(!report->difference, (report->difference ? told(*report->difference) : ""));
    ++compared;
  }
  CHECK(compared >= 7);
}

TEST_CASE("random statements of every profile come to the same on this kernel") {
  if (!can_ask()) return;
  for (const RandomProfile& profile : random_profiles()) {
    const RandomRun run{.profile = profile.name, .seed = 20261126, .statements = 1500};
    const auto report = verify_random(run, {.validate_each_step = true});
    INFO(profile.name);
    REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().to_string()));
    CHECK_MESSAGE(!report->difference,
                  (report->difference ? report->scenario + told(*report->difference) : ""));
    CHECK(report->statements >= run.statements);
  }
}

TEST_CASE("the kernel is asked on one processor, and afterwards the thread is as free as before") {
  const auto processors = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    return CPU_COUNT(&set);
  };
  const int before = processors();
  {
    const host::OneProcessor here;
    CHECK(processors() == 1);
  }
  CHECK(processors() == before);
}

TEST_CASE("a difference is seen, and told with its line") {
  if (!can_ask()) return;
  // Four frames of memory: the page that was stored to first has gone to swap, which is no fault of
  // the kernel here.
  const char* text =
      "p = mmap(NULL, 64K, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
      "repeat 16 as i { store(p + i * 4K, 1, 7) }\n"
      "load(p, 1)\n";
  const auto report = verify_scenario("swap.scn", text, {.machine = {.frames = 4}});
  REQUIRE(report.ok());
  REQUIRE(report->difference);
  CHECK(report->difference->line == 3);
  CHECK(report->difference->kernel_answer ==
        R"({"line":3,"pid":1,"call":"load","ret":1,"minflt":0,"majflt":0,"data":"07"})");
  CHECK(report->difference->simulated_answer ==
        R"({"line":3,"pid":1,"call":"load","ret":1,"minflt":0,"majflt":1,"data":"07"})");
  CHECK(report->statements == 17);
}

TEST_CASE("a scenario that is wrong is an error, and nothing is left behind") {
  if (!can_ask()) return;
  CHECK_FALSE(verify_scenario("wrong.scn", "store(1 / 0, 1, 1)\n", {}).ok());
  CHECK_FALSE(verify_scenario("wrong.scn", "fsink(3)\n", {}).ok());
  CHECK_FALSE(verify_random({.profile = "none", .seed = 1, .statements = 1}, {}).ok());
  CHECK_FALSE(verify_scenario("a.scn", "brk(0)\n", {.temporary_folder = "/nowhere"}).ok());
}

TEST_CASE("more bytes than pass through the worker at once are not asked for") {
  if (!can_ask()) return;
  const std::string text = "f = memfd_create(\"f\", 0)\nftruncate(f, 1M)\npread64(f, _, 128K, 0)\n";
  const auto all = verify_scenario("pass.scn", text, {});
  REQUIRE(all.ok());
  CHECK(all->statements == 3);
  CHECK(all->skipped.empty());
  const auto report = verify_scenario("pass.scn", text + "pread64(f, _, 129K, 0)\n", {});
  REQUIRE(report.ok());
  CHECK_FALSE(report->difference);
  CHECK(report->statements == 3);
  REQUIRE(report->skipped.size() == 1);
  CHECK(report->skipped[0].line == 4);
}

TEST_CASE("what reaches the worker's own memory is not asked, and the report says so") {
  if (!can_ask()) return;
  for (const char* statement :
       {"munmap(0x300000, 2M)", "mmap(0x400000, 4K, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)",
        "mremap(a, 4K, 4K, MREMAP_MAYMOVE|MREMAP_FIXED, 0x420000)", "store(0x401000, 1, 1)",
        "peek(0x3fffff, 8)", "pread64(f, 0x400800, 16, 0)", "mlock(0, 1G)", "readv(f, v, 1)"}) {
    CAPTURE(statement);
    const std::string text =
        "f = memfd_create(\"f\", 0)\n"
        "a = mmap(NULL, 4K, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
        "v = mmap(NULL, 4K, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
        "poke(v, 8, 0x401000)\npoke(v + 8, 8, 4K)\n" +
        std::string(statement) + "\nload(a, 1)\n";
    const auto report = verify_scenario("own.scn", text, {});
    REQUIRE(report.ok());
    CHECK_FALSE(report->difference);
    CHECK(report->statements == 5);
    REQUIRE(report->skipped.size() == 1);
    CHECK(report->skipped[0].line == 6);
  }
  // Right behind it, and right below the heap.
  const auto report = verify_scenario(
      "near.scn",
      "a = mmap(0x421000, 0x1df000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n"
      "munmap(0x421000, 0x1df000)\n"
      "b = mmap(0x620000, 4K, PROT_READ|PROT_WRITE, "
      "MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN|MAP_FIXED, -1, 0)\n"
      "store(b - 64K, 1, 1)\nmaps()\nbrk(0)\n",
      {});
  REQUIRE(report.ok());
  CHECK_FALSE(report->difference);
  CHECK(report->statements == 6);
  CHECK(report->skipped.empty());
}

TEST_CASE("what changes the host is not asked, and the report says so") {
  if (!can_ask()) return;
  const auto report =
      verify_scenario("sysctl.scn", "brk(0)\nsysctl(\"vm.max_map_count\", 100)\nbrk(0)\n", {});
  REQUIRE(report.ok());
  CHECK(report->statements == 1);
  REQUIRE(report->skipped.size() == 1);
  CHECK(report->skipped[0].line == 2);
}

}  // namespace
}  // namespace faultline
