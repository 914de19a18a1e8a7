// Every policy in the whole machine: it is told of the same references, pages and ticks, and so
// evicts the same, as where there is no TLB, no page table and no fault.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "tests/reclaim/page_replay.h"

namespace faultline {
namespace {

constexpr uint64_t kPage = 4096;
constexpr VirtAddr kBase{0x10000000};
constexpr uint64_t kFrames = 24;
constexpr uint64_t kPages = 60;

std::vector<std::string> policies() {
  std::vector<std::string> names = {"clock:enter=0", "nru:tick=500", "aging:tick=300",
                                    "ws:window=400,tick=100", "pff:threshold=3"};
  for (const NamedChoice& choice : policy_names())
    if (choice.name != "opt") names.emplace_back(choice.name);
  return names;
}

// Loads, some in rows, some across two pages.
std::vector<Access> make_accesses(uint64_t seed) {
  base::Prng prng(seed);
  std::vector<Access> accesses;
  while (accesses.size() < 30'000) {
    const uint64_t page = prng.below(prng.below(kPages) + 1);
    const uint64_t offset = prng.below(20) == 0 ? kPage - 4 : prng.below(kPage - 8);
    for (uint64_t times = prng.below(3) + 1; times > 0; --times)
      accesses.push_back({kBase + page * kPage + offset, 8, AccessKind::kLoad});
  }
  return accesses;
}

// As runs, as long as they may be.
std::vector<testing::Run> runs_of(const std::vector<Access>& accesses) {
  std::vector<testing::Run> runs;
  for (const Access& access : accesses) {
    const uint64_t last = access.address.value + access.size_bytes - 1;
    for (uint64_t page = access.address.value / kPage; page <= last / kPage; ++page) {
      const auto number = static_cast<uint32_t>(page - kBase.value / kPage);
      if (!runs.empty() && runs.back().page == number) {
        ++runs.back().count;
      } else {
        runs.push_back({number, 1});
      }
    }
  }
  return runs;
}

TEST_CASE("policies: in the machine each misses and evicts as it does alone") {
  const std::vector<Access> accesses = make_accesses(7);
  for (const std::string& policy : policies()) {
    CAPTURE(policy);
    auto machine = make_machine({.frames = kFrames,
                                 .policy = policy,
                                 .contents = Contents::kNone,
                                 .unmapped = Unmapped::kMap,
                                 .seed = 5});
    REQUIRE(machine.ok());
    Process& process = (*machine)->start_empty_process();
    REQUIRE((*machine)->access(process, accesses));
    (*machine)->validate();

    testing::PageReplay alone(reclaim::make_policy(policy, {.frames = kFrames, .seed = 5}).value(),
                              kFrames);
    for (const testing::Run& run : runs_of(accesses)) alone.refer(run);
    const Stats& stats = (*machine)->stats();
    CHECK(stats.replacement.misses == alone.misses());
    CHECK(stats.replacement.evictions == alone.evictions());
    CHECK(alone.evictions() > 1000);
  }
}

TEST_CASE("policies: what is told of runs is what is told of references one by one") {
  const std::vector<testing::Run> runs = runs_of(make_accesses(8));
  for (const std::string& policy : policies()) {
    CAPTURE(policy);
    const auto make = [&] {
      return testing::PageReplay(reclaim::make_policy(policy, {.frames = kFrames}).value(),
                                 kFrames);
    };
    testing::PageReplay joined = make();
    testing::PageReplay single = make();
    for (const testing::Run& run : runs) {
      joined.refer(run);
      for (uint32_t i = 0; i < run.count; ++i) single.refer({run.page, 1});
    }
    CHECK(joined.misses() == single.misses());
  }
}

// Files with read-ahead, copies after fork(), unmapping and swap: pages go and come back under
// names that policies know them by.
TEST_CASE("policies: files, forks and unmapping leave each whole") {
  for (const std::string& policy : policies()) {
    CAPTURE(policy);
    auto machine =
        make_machine({.frames = kFrames, .policy = policy, .contents = Contents::kNone, .seed = 3});
    REQUIRE(machine.ok());
    REQUIRE((*machine)->create_file("/data", 40 * kPage, 0).ok());
    Process& parent = (*machine)->start_process();
    const auto file = parent.open("/data", linux_abi::kO_RDWR, 0);
    REQUIRE(file.ok());
    const auto anon = parent.mmap({.length_bytes = 40 * kPage, .prot = 3, .flags = 0x22});
    const auto mapped =
        parent.mmap({.length_bytes = 40 * kPage, .prot = 3, .flags = 0x1, .fd = *file});
    REQUIRE(anon.ok());
    REQUIRE(mapped.ok());
    base::Prng prng(9);
    Process* child = nullptr;
    for (int step = 0; step < 4'000; ++step) {
      Process& process = child != nullptr && prng.below(2) == 0 ? *child : parent;
      const VirtAddr start = prng.below(2) == 0 ? *anon : *mapped;
      const Access access{start + prng.below(40) * kPage, 8, AccessKind(1 + prng.below(3))};
      REQUIRE((*machine)->access(process, std::vector<Access>{access}));
      if (step == 1'000) child = *parent.clone(linux_abi::kSIGCHLD);
      if (step == 3'000) child->exit(0);
      if (step == 3'000) child = nullptr;
      if (prng.below(100) == 0)
        REQUIRE(parent.madvise(*anon + prng.below(30) * kPage, 8 * kPage, 4).ok());
      if (step % 16 == 0) (*machine)->validate();
    }
    CHECK((*machine)->stats().replacement.evictions > 500);
  }
}

}  // namespace
}  // namespace faultline
