#include "tests/mm/kernel_cases.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace faultline::mm {
namespace {

CaseReport check_file(const std::string& path) {
  std::ifstream recorded(path);
  REQUIRE_MESSAGE(recorded.is_open(), path);
  const CaseReport report = run_kernel_cases(recorded);
  for (const CaseMismatch& m : report.mismatches) {
    FAIL_CHECK(path << ":" << m.line << ": case " << m.name << "\n  " << m.call
                    << "\n  kernel:    " << m.kernel << "\n  simulator: " << m.simulator);
  }
  return report;
}

TEST_CASE("AddressSpace: mmap's errors and placement are the kernel's") {
  const CaseReport report = check_file("tests/golden/mm_map.txt");
  CHECK(report.cases >= 40);
  CHECK(report.calls >= 150);
}

TEST_CASE("AddressSpace: mprotect, munmap and merging are the kernel's") {
  const CaseReport report = check_file("tests/golden/mm_change.txt");
  CHECK(report.cases >= 30);
}

TEST_CASE("AddressSpace: brk and stack growth are the kernel's") {
  const CaseReport report = check_file("tests/golden/mm_grow.txt");
  CHECK(report.cases >= 25);
}

TEST_CASE("AddressSpace: mremap, mseal and remap_file_pages are the kernel's") {
  const CaseReport report = check_file("tests/golden/mm_remap.txt");
  CHECK(report.cases >= 50);
  CHECK(report.calls >= 480);
}

TEST_CASE("AddressSpace: random calls with mremap are answered as the kernel answered them") {
  const CaseReport report = check_file("tests/golden/mm_random_remap.txt");
  CHECK(report.calls >= 2000);
}

TEST_CASE("AddressSpace: locking, and executable memory that is denied, are the kernel's") {
  const CaseReport report = check_file("tests/golden/mm_lock.txt");
  CHECK(report.cases >= 33);
}

TEST_CASE("AddressSpace: random calls are answered as the kernel answered them") {
  const CaseReport report = check_file("tests/golden/mm_random.txt");
  CHECK(report.calls >= 2000);
}

TEST_CASE("AddressSpace: agrees with a recording of one's own" *
          doctest::skip(std::getenv("FAULTLINE_RECORDING") == nullptr)) {
  const CaseReport report = check_file(std::getenv("FAULTLINE_RECORDING"));
  MESSAGE(report.cases << " cases, " << report.calls << " calls");
}

TEST_CASE("kernel cases: an answer that differs is reported with its line") {
  std::istringstream recorded(
      "# Linux 6.18.0, pages of memory: 6000000\ncase a\nmunmap 1 4096 = EINVAL\n"
      "munmap 0 4096 = EINVAL\nmunmap 1 4096 = never run\ncase b\nbrk 0 = 0x600000\n");
  const CaseReport report = run_kernel_cases(recorded);
  CHECK(report.cases == 2);
  CHECK(report.calls == 3);
  REQUIRE(report.mismatches.size() == 1);
  CHECK(report.mismatches[0].line == 4);
  CHECK(report.mismatches[0].name == "a");
  CHECK(report.mismatches[0].kernel == "EINVAL");
  CHECK(report.mismatches[0].simulator == "0");
}

}  // namespace
}  // namespace faultline::mm
