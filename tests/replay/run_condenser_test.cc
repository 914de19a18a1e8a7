// What is condensed counts as what it was made of: every counter of RunMachine, for every memory
// above the limit's.
#include "sim/replay/run_condenser.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faultline/report.h"
#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "sim/replay/run_machine.h"

namespace faultline::replay {
namespace {

struct Block {
  std::vector<uint64_t> pages{};
  std::vector<PageRun> runs{};
  TraceTask task{};
  PageRunBlock view() const { return {.pages = pages, .runs = runs, .task = task}; }
};

// Programs at work: a few pages over and over, which change, and strangers in between.
struct Shape {
  uint64_t pages = 0;
  uint64_t recent = 1;         // pages in use at a time
  uint64_t strangers_in_1000;  // of the runs
  uint64_t stores_in_8;
  uint64_t stride = 1;  // pages from one to the next
};

Shape random_shape(base::Prng& prng) {
  return {.pages = 20 + prng.below(400),
          .recent = 1 + prng.below(12),
          .strangers_in_1000 = uint64_t{1} << prng.below(10),
          .stores_in_8 = prng.below(4),
          .stride = uint64_t{1} << prng.below(8)};
}

Block random_block(const Shape& shape, base::Prng& prng) {
  Block block;
  block.task.pid = static_cast<uint32_t>(prng.below(2));
  for (uint64_t page = 0; page < shape.pages; ++page) block.pages.push_back(page * shape.stride);
  std::vector<uint32_t> recent(shape.recent);
  for (uint32_t& page : recent) page = static_cast<uint32_t>(prng.below(shape.pages));
  for (uint64_t left = prng.below(6'000); left > 0; --left) {
    uint32_t& page = recent[prng.below(recent.size())];
    if (prng.below(1000) < shape.strangers_in_1000)
      page = static_cast<uint32_t>(prng.below(shape.pages));
    const bool fetch = page % 3 == 0 || prng.below(10) == 0;
    const AccessKind kind = fetch                               ? AccessKind::kFetch
                            : prng.below(8) < shape.stores_in_8 ? AccessKind::kStore
                            : prng.below(20) == 0               ? AccessKind::kModify
                                                                : AccessKind::kLoad;
    const uint64_t most = prng.below(30) == 0 ? PageRun::kCountMax : 4;
    block.runs.push_back(PageRun::make(page, kind, 1 + static_cast<uint32_t>(prng.below(most))));
    if (prng.below(30) == 0 && page + 1 < shape.pages)
      block.runs.push_back(PageRun::make(page + 1, kind, 0));
  }
  return block;
}

std::unique_ptr<RunMachine> make(const MachineOptions& options) {
  auto policy = reclaim::make_policy(options.policy, {.frames = options.frames.value_or(1)});
  REQUIRE(policy.ok());
  return std::make_unique<RunMachine>(options, std::move(policy).value());
}

std::string report_of(const RunMachine& machine, const MachineOptions& options) {
  machine.validate();
  ReplayReport report;
  report.config = options;
  report.stats = machine.stats();
  return replay_report_json(report);
}

MachineOptions options_of(std::optional<uint64_t> frames, const TlbOptions& tlb,
                          const char* paging) {
  return {.paging = paging,
          .frames = frames,
          .tlb = tlb,
          .contents = Contents::kNone,
          .unmapped = Unmapped::kMap};
}

constexpr TlbOptions kTlbs[] = {{},
                                {.l1d = {2, 2}, .l1i = {1, 1}, .l2 = {4, 2}},
                                {.l1d = {8, 1}, .l1i = {4, 2}, .l2 = {16, 4}},
                                {.l1d = {256, 2}, .l1i = {128, 1}, .l2 = {512, 4}},
                                {.l1d = {48, 48}, .l1i = {32, 32}, .l2 = {64, 4}}};

TEST_CASE("Condensed runs count as the runs they were made of, in every memory above the limit") {
  uint64_t runs = 0;
  uint64_t condensed_runs = 0;
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    base::Prng prng(seed);
    const TlbOptions& tlb = kTlbs[prng.below(std::size(kTlbs))];
    const char* const paging = prng.below(3) == 0 ? "arm64-64k" : "x86-64";
    const uint64_t smallest = RunCondenser::kFramesMin + prng.below(40);
    const Shape shape = random_shape(prng);
    std::vector<Block> blocks;
    for (int i = 0; i < 4; ++i) blocks.push_back(random_block(shape, prng));

    for (const std::optional<uint64_t> frames :
         {std::optional<uint64_t>(smallest), std::optional(smallest + prng.below(100)),
          std::optional<uint64_t>()}) {
      const MachineOptions options = options_of(frames, tlb, paging);
      const auto whole = make(options);
      const auto shorter = make(options);
      auto limits = shorter->condenser_limits();
      REQUIRE(limits.has_value());
      CHECK(limits->frames_min == frames.value_or(~uint64_t{0}));
      limits->frames_min = smallest;
      RunCondenser condenser(*limits);
      CondensedRuns condensed;
      for (const Block& block : blocks) {
        REQUIRE(whole->enter(block.view()));
        whole->replay(block.runs);
        REQUIRE(shorter->enter(block.view()));
        if (condenser.condense(block.view(), condensed)) {
          shorter->replay(condensed);
          runs += block.runs.size();
          condensed_runs += condensed.runs.size();
        } else {
          shorter->replay(block.runs);
        }
        CHECK(report_of(*whole, options) == report_of(*shorter, options));
      }
    }
  }
  CHECK(condensed_runs < runs - runs / 4);
}

TEST_CASE("A loop of a few pages is a reference to each of them") {
  Block block{.pages = {7, 8, 9}};
  for (int i = 0; i < 1'000; ++i) {
    block.runs.push_back(PageRun::make(0, AccessKind::kFetch, 3));
    block.runs.push_back(PageRun::make(1, AccessKind::kLoad, 1));
    block.runs.push_back(PageRun::make(0, AccessKind::kFetch, 2));
    block.runs.push_back(PageRun::make(2, i == 500 ? AccessKind::kModify : AccessKind::kLoad, 1));
  }
  RunCondenser condenser(*make(options_of(256, {}, "x86-64"))->condenser_limits());
  CondensedRuns condensed;
  REQUIRE(condenser.condense(block.view(), condensed));
  CHECK(condensed.accesses.fetches == 5'000);
  CHECK(condensed.accesses.loads == 1'999);
  CHECK(condensed.accesses.modifies == 1);
  CHECK(condensed.hits[size_t(TlbSide::kCode)] == 5'000 - 3);
  CHECK(condensed.hits[size_t(TlbSide::kData)] == 2'000 - 4);
  // A first reference of each, then the last ones.
  REQUIRE(condensed.runs.size() == 7);
  const uint32_t pages[] = {0, 1, 0, 2, 1, 0, 2};
  for (size_t i = 0; i < 7; ++i) {
    CHECK(condensed.runs[i].page() == pages[i]);
    CHECK(condensed.runs[i].count() == 1);
  }
  CHECK(condensed.runs.back().kind() == AccessKind::kStore);
}

// So many runs, each of the page that comes seven behind the last.
Block round_trips(uint32_t pages, uint32_t runs) {
  Block block;
  for (uint32_t page = 0; page < pages; ++page) block.pages.push_back(page);
  for (uint32_t i = 0; i < runs; ++i)
    block.runs.push_back(PageRun::make(i * 7 % pages, AccessKind::kLoad, 1));
  return block;
}

TEST_CASE("What is not condensed: pages beyond the program's, and what hardly helps") {
  RunCondenser condenser(*make(options_of(256, {}, "x86-64"))->condenser_limits());
  CondensedRuns condensed;
  const auto condenses = [&](const Block& block) {
    const bool does = condenser.condense(block.view(), condensed);
    // Whenever it is asked: what else was condensed does not count.
    REQUIRE(condenser.condense(round_trips(5, 20'000).view(), condensed));
    CHECK(condenser.condense(block.view(), condensed) == does);
    return does;
  };
  CHECK_FALSE(condenses({.pages = {uint64_t{1} << 40}, .runs = {PageRun::make(0, {}, 1)}}));
  // Its first runs tell.
  CHECK_FALSE(condenses(round_trips(400, 1'024)));
  CHECK(condenses(round_trips(400, 960)));
  Block later = round_trips(400, 1'024);
  for (uint32_t i = 0; i < 40'000; ++i)
    later.runs.push_back(PageRun::make(i % 3, AccessKind::kLoad, 1));
  CHECK_FALSE(condenses(later));
  // And so does how many pages there are.
  Block many = round_trips(5'000, 0);
  many.runs = round_trips(3, 65'536).runs;
  CHECK_FALSE(condenses(many));
  many.pages.resize(4'600);
  CHECK(condenses(many));
}

TEST_CASE("Machines whose runs come as they are") {
  const auto limits_of = [](MachineOptions options) {
    options.contents = Contents::kNone;
    options.unmapped = Unmapped::kMap;
    return make(options)->condenser_limits();
  };
  CHECK(limits_of({.frames = 16}).has_value());
  CHECK_FALSE(limits_of({.frames = 15}).has_value());
  CHECK(limits_of({.policy = "clock"}).has_value());  // never asked
  for (const char* policy : {"clock", "fifo", "mru", "arc", "linux"})
    CHECK_FALSE(limits_of({.frames = 64, .policy = policy}).has_value());
  CHECK_FALSE(limits_of({.tlb = {.enabled = false}}).has_value());
  CHECK_FALSE(limits_of({.walk_cache = {.levels = {{{4, 2}, {2, 1}}}}}).has_value());
}

}  // namespace
}  // namespace faultline::replay
