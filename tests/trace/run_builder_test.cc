// Page runs: collapsed, expanded and counted, at their limits.
#include "sim/trace/run_builder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/base/run_summary.h"
#include "sim/trace/run_expander.h"

namespace faultline::trace {
namespace {

constexpr uint64_t kPageBytes = uint64_t{1} << kPageRunShift;

Access access_to(uint64_t address, AccessKind kind = AccessKind::kLoad, uint32_t size = 1) {
  return {.address = {address}, .size_bytes = size, .kind = kind};
}

// "5Lx3": three loads of page 5; "5Lx0" a further page.
std::string text_of(const RunBuilder& builder) {
  std::string text;
  for (const PageRun run : builder.runs()) {
    text += (text.empty() ? "" : " ") + std::to_string(builder.pages()[run.page()]) +
            "FLSM"[static_cast<std::size_t>(run.kind())] + "x" + std::to_string(run.count());
  }
  return text;
}

std::string collapse(const std::vector<Access>& accesses) {
  RunBuilder builder(100);
  CHECK(builder.add(accesses) == accesses.size());
  return text_of(builder);
}

TEST_CASE("RunBuilder: a run ends with its page, its kind and its count") {
  const AccessKind store = AccessKind::kStore;
  CHECK(collapse({}) == "");
  CHECK(collapse({access_to(0x1000), access_to(0x1fff), access_to(0x1008)}) == "1Lx3");
  CHECK(collapse({access_to(0x1000), access_to(0x2000), access_to(0x1000)}) == "1Lx1 2Lx1 1Lx1");
  CHECK(collapse({access_to(0x1000), access_to(0x1000, store), access_to(0x1000, store)}) ==
        "1Lx1 1Sx2");
  CHECK(collapse(std::vector<Access>(1023, access_to(0x1000))) == "1Lx1023");
  CHECK(collapse(std::vector<Access>(2050, access_to(0x1000))) == "1Lx1023 1Lx1023 1Lx4");
}

TEST_CASE("RunBuilder: an access that straddles is one, and references to all of its pages") {
  CHECK(collapse({access_to(0x1fff, AccessKind::kLoad, 2)}) == "1Lx1 2Lx0");
  CHECK(collapse({access_to(0x1ff0), access_to(0x1ffc, AccessKind::kLoad, 8), access_to(0x2000)}) ==
        "1Lx2 2Lx0 2Lx1");
  CHECK(collapse({access_to(0x1fff, AccessKind::kModify, 8195)}) == "1Mx1 2Mx0 3Mx0 4Mx0");
  // Over the top of the address space: the first page alone.
  CHECK(collapse({access_to(~uint64_t{0}, AccessKind::kStore, 8)}) == "4503599627370495Sx1");
}

TEST_CASE("RunBuilder: takes what fits, an access with all of its pages") {
  RunBuilder builder(2 * kAccessPagesMax);
  std::vector<Access> accesses;
  for (uint64_t i = 0; i < 100; ++i)
    accesses.push_back(access_to((i * 20 + 1) * kPageBytes - 1, AccessKind::kLoad, 65'536));
  std::size_t done = 0;
  while (done < accesses.size()) {
    const std::size_t taken = builder.add(std::span(accesses).subspan(done));
    CHECK(taken == 2);
    CHECK(builder.runs().size() == 2 * kAccessPagesMax);
    CHECK(builder.runs().front().count() == 1);
    done += taken;
    CHECK(builder.add(std::span(accesses).first(1)) == 0);
    builder.clear();
  }
}

TEST_CASE("RunBuilder: pages have indices of their own in each block, many of them too") {
  base::Prng prng(1);
  RunBuilder builder(5000);
  for (int block = 0; block < 3; ++block) {
    std::vector<Access> accesses;
    for (int i = 0; i < 4000; ++i)
      accesses.push_back(access_to((prng.next() >> prng.below(50)) & ~uint64_t{63}));
    REQUIRE(builder.add(accesses) == accesses.size());
    std::size_t i = 0;
    for (const PageRun run : builder.runs())
      for (uint32_t k = 0; k < run.count(); ++k)
        REQUIRE(builder.pages()[run.page()] == accesses[i++].address.value >> kPageRunShift);
    CHECK(i == accesses.size());
    std::vector<uint64_t> pages(builder.pages().begin(), builder.pages().end());
    std::sort(pages.begin(), pages.end());
    CHECK(std::adjacent_find(pages.begin(), pages.end()) == pages.end());
    builder.clear();
    CHECK(builder.runs().empty());
    CHECK(builder.pages().empty());
  }
}

TEST_CASE("RunBuilder: end_run() keeps what comes next apart; runs are taken as accesses are") {
  RunBuilder builder(100);
  const std::vector<Access> accesses = {access_to(0x1000), access_to(0x1000),
                                        access_to(0x1fff, AccessKind::kLoad, 2)};
  builder.add(accesses);
  builder.end_run();
  builder.add(accesses);
  CHECK(text_of(builder) == "1Lx3 2Lx0 1Lx3 2Lx0");
  RunBuilder again(100);
  CHECK(again.add_runs(builder.pages(), builder.runs()) == 4);
  CHECK(text_of(again) == text_of(builder));
}

TEST_CASE("summarize: counts as a loop does") {
  base::Prng prng(2);
  for (std::size_t size = 0; size < 40; ++size) {
    std::vector<PageRun> runs;
    base::RunSummary expected;
    for (std::size_t i = 0; i < size; ++i) {
      const auto kind = static_cast<AccessKind>(prng.below(4));
      const auto count = static_cast<uint32_t>(prng.below(4) == 0 ? 0 : prng.below(1024));
      const auto page = static_cast<uint32_t>(prng.below(PageRun::kPagesMax));
      runs.push_back(PageRun::make(page, kind, count));
      expected.counts[static_cast<std::size_t>(kind)] += count;
      expected.page_max = std::max(expected.page_max, page);
      expected.further += count == 0 ? 1 : 0;
    }
    const base::RunSummary summary = base::summarize(runs);
    CHECK(summary.counts == expected.counts);
    CHECK(summary.page_max == expected.page_max);
    CHECK(summary.further == expected.further);
  }
}

TEST_CASE("RunExpander: a long run comes in pieces") {
  const std::vector<uint64_t> pages = {7};
  const std::vector<PageRun> runs(100, PageRun::make(0, AccessKind::kStore, 1023));
  RunExpander expander;
  expander.begin(pages, runs);
  std::size_t count = 0;
  while (!expander.done()) {
    const auto accesses = expander.next();
    REQUIRE_FALSE(accesses.empty());
    for (const Access& access : accesses)
      REQUIRE((access.address == VirtAddr{0x7000} && access.size_bytes == 1 &&
               access.kind == AccessKind::kStore && access.by == AccessBy::kProgram));
    count += accesses.size();
  }
  CHECK(count == 102'300);
}

}  // namespace
}  // namespace faultline::trace
