// `mrc --policy` took the pages of the process 65,536 places behind another for that one's.
#include <doctest/doctest.h>

#include <cstdint>

#include "faultline/page_run.h"
#include "sim/replay/run_pages.h"

namespace faultline::replay {
namespace {

TEST_CASE("RunPages: each process has pages of its own, however many there are") {
  constexpr uint32_t kProcesses = (1 << 16) + 1;
  RunPages pages({.shift = kPageRunShift, .user_end = uint64_t{1} << 47});
  const uint64_t page = 5;
  const PageRun run = PageRun::make(0, AccessKind::kLoad, 1);
  uint64_t numbers = 0;
  for (uint32_t pid = 1; pid <= kProcesses; ++pid) {
    numbers =
        pages.number({.pages = {&page, 1}, .runs = {&run, 1}, .task = {.pid = pid, .tid = pid}})
            .pages;
  }
  CHECK(numbers == kProcesses);
}

}  // namespace
}  // namespace faultline::replay
