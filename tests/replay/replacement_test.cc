// Replacement alone is held to RunMachine: hits, misses, cold misses, evictions and dirty evictions
// of every policy, on random runs and on a committed trace, at five sizes of memory.
// FAULTLINE_TRACE names the trace.
#include "sim/replay/replacement.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "faultline/options.h"
#include "faultline/trace.h"
#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "sim/replay/next_use_index.h"
#include "sim/replay/run_machine.h"
#include "sim/replay/run_pages.h"
#include "tests/support/sanitized.h"

namespace faultline::replay {
namespace {

constexpr PageShape kShape{.shift = 12, .user_end = 0x7ffffffff000};

struct Block {
  std::vector<uint64_t> pages{};
  std::vector<PageRun> runs{};
  TraceTask task{};
  PageRunBlock block() const { return {.pages = pages, .runs = runs, .task = task}; }
};
using Blocks = std::vector<Block>;

// The trace, or its first blocks of that many accesses.
Blocks read_blocks(uint64_t accesses_max) {
  const auto reader = open_trace({FAULTLINE_TRACE}, {});
  REQUIRE(reader.ok());
  const auto runs = make_page_run_reader(**reader);
  Blocks blocks;
  for (uint64_t accesses = 0; accesses < accesses_max;) {
    const auto block = runs->next_page_runs();
    REQUIRE(block.ok());
    if (block->end()) break;
    blocks.push_back({.pages = {block->pages.begin(), block->pages.end()},
                      .runs = {block->runs.begin(), block->runs.end()},
                      .task = block->task});
    for (const PageRun run : block->runs) accesses += run.count();
  }
  return blocks;
}

// Of three processes: rows of one kind, accesses that straddle pages, and some beyond user space.
Blocks random_blocks() {
  base::Prng prng(11);
  Blocks blocks;
  for (int i = 0; i < 60; ++i) {
    Block& block = blocks.emplace_back();
    block.task.pid = 1 + uint32_t(prng.below(3));
    for (uint64_t page = 0; page < 30; ++page) block.pages.push_back(100 + page);
    block.pages.push_back((kShape.user_end >> 12) - 1);
    block.pages.push_back(kShape.user_end >> 12);
    // Some blocks miss much, others hardly.
    const uint64_t pages = prng.below(3) == 0 ? 3 : block.pages.size();
    for (int run = 0; run < 400; ++run) {
      const auto page = static_cast<uint32_t>(prng.below(prng.below(pages) + 1));
      const auto kind = static_cast<AccessKind>(prng.below(4));
      const auto count = static_cast<uint32_t>(prng.below(3) == 0 ? prng.below(500) + 1 : 1);
      block.runs.push_back(PageRun::make(page, kind, count));
      if (page + 1 < block.pages.size() && page != 29 && prng.below(10) == 0)
        block.runs.push_back(PageRun::make(page + 1, kind, 0));
    }
  }
  return blocks;
}

std::vector<std::string> every_policy() {
  std::vector<std::string> names = {
      "clock:enter=0",           "nbit:bits=3",         "nru:tick=700",    "aging:tick=300",
      "ws:window=4000,tick=500", "wsclock:window=2000", "pff:threshold=50"};
  for (const reclaim::PolicyRow& row : reclaim::policy_rows())
    if (row.name != "opt") names.emplace_back(row.name);
  return names;
}

// What OPT by its own interface must know.
std::unique_ptr<NextUseIndex> next_uses_of(const Blocks& blocks) {
  auto index = std::move(NextUseIndex::create()).value();
  RunPages pages(kShape);
  uint64_t references = 0;
  for (const Block& block : blocks) {
    const NumberedRuns runs = pages.number(block.block());
    for (const PageRun run : runs.runs) {
      index->note_use(PageId{runs.number_of(run)}, references + 1);
      references += references_of(run);
    }
  }
  REQUIRE(index->finish().ok());
  return index;
}

void compare(const Blocks& blocks, const std::string& policy, uint64_t frames,
             const NextUseIndex* next_uses = nullptr) {
  CAPTURE(policy);
  CAPTURE(frames);
  std::vector<std::unique_ptr<NextUses>> readers;
  const auto make = [&] {
    if (next_uses != nullptr) readers.push_back(next_uses->make_reader());
    return reclaim::make_policy(policy,
                                {.frames = frames,
                                 .seed = 3,
                                 .next_uses = readers.empty() ? nullptr : readers.back().get()});
  };
  const MachineOptions options{.frames = frames,
                               .policy = policy,
                               .contents = Contents::kNone,
                               .unmapped = Unmapped::kMap,
                               .seed = 3};
  RunMachine machine(options, std::move(make()).value());
  const auto fast = make_replacement({.policy = policy, .frames = frames, .seed = 3}).value();
  const auto plain = make_policy_replacement(std::move(make()).value(), frames);
  RunPages pages(kShape);
  for (const Block& block : blocks) {
    REQUIRE(machine.enter(block.block()));
    machine.replay(block.block().runs);
    const NumberedRuns runs = pages.number(block.block());
    fast->add(runs);
    plain->add(runs);
  }
  const ReplacementStats expected = machine.stats().replacement;
  CHECK(expected.evictions > 0);
  for (const Replacement* const replacement : {fast.get(), plain.get()}) {
    replacement->validate();
    const ReplacementStats stats = replacement->stats();
    CHECK(stats.hits == expected.hits);
    CHECK(stats.misses == expected.misses);
    CHECK(stats.cold_misses == expected.cold_misses);
    CHECK(stats.evictions == expected.evictions);
    CHECK(stats.dirty_evictions == expected.dirty_evictions);
  }
}

std::vector<uint64_t> sizes(const Blocks& blocks) {
  RunPages numbers(kShape);
  uint64_t pages = 0;
  for (const Block& block : blocks) pages = numbers.number(block.block()).pages;
  return {pages / 20, pages / 10, pages / 4, pages / 2, pages * 4 / 5};
}

TEST_CASE("replacement: OPT in one pass counts as OPT that knows the future") {
  const Blocks random = random_blocks();
  const auto of_random = next_uses_of(random);
  for (const uint64_t frames : {1U, 2U, 3U, 7U, 20U, 60U})
    compare(random, "opt", frames, &*of_random);
  const Blocks blocks = read_blocks(testing::kSanitized ? 300'000 : ~uint64_t{0});
  const auto of_trace = next_uses_of(blocks);
  for (const uint64_t frames : sizes(blocks)) compare(blocks, "opt", frames, &*of_trace);
}

TEST_CASE("replacement: counts as RunMachine does on random runs") {
  const Blocks blocks = random_blocks();
  for (const std::string& policy : every_policy())
    for (const uint64_t frames : {1U, 2U, 7U, 20U, 60U}) compare(blocks, policy, frames);
}

// All of them on the whole trace would take minutes in a build without optimisation, most of it
// RunMachine's.
TEST_CASE("replacement: every policy counts as with RunMachine in the head of the trace") {
  const Blocks blocks = read_blocks(300'000);
  for (const std::string& policy : every_policy())
    for (const uint64_t frames : sizes(blocks)) compare(blocks, policy, frames);
}

TEST_CASE("replacement: LRU, FIFO and CLOCK count as with RunMachine on the whole trace") {
  const Blocks blocks = read_blocks(testing::kSanitized ? 1'000'000 : ~uint64_t{0});
  for (const std::string policy : {"lru", "fifo", "clock"})
    for (const uint64_t frames : sizes(blocks)) compare(blocks, policy, frames);
}

TEST_CASE("replacement: policies that there are not, and the future, are errors") {
  CHECK(!make_replacement({.policy = "best"}).ok());
  CHECK(!make_replacement({.policy = "lru:x=1"}).ok());
  CHECK(!make_replacement({.policy = "clock:enter=2"}).ok());
  CHECK(!make_replacement({.policy = "opt:x=1"}).ok());
}

}  // namespace
}  // namespace faultline::replay
