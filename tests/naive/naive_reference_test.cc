#include "tests/naive/naive_reference.h"

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

namespace faultline::naive {
namespace {

const std::vector<Page> kBelady = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};

// The example of Silberschatz, Galvin and Gagne's Operating System Concepts.
const std::vector<Page> kSilberschatz = {7, 0, 1, 2, 0, 3, 0, 4, 2, 3,
                                         0, 3, 2, 1, 2, 0, 1, 7, 0, 1};

Replay replay_loads(const std::vector<Page>& pages, const std::string& policy,
                    std::optional<std::size_t> frame_count, const TlbShapes& shapes = {}) {
  Replay replay({make_policy(policy), frame_count}, shapes);
  for (const Page page : pages) replay.access({'L', page * kPageSizeBytes, 1});
  return replay;
}

Replay replay_text(const std::string& text, const std::string& policy,
                   std::optional<std::size_t> frame_count, const TlbShapes& tlb = {}) {
  Replay replay({make_policy(policy), frame_count}, tlb);
  std::istringstream in(text);
  replay.read(in);
  return replay;
}

std::uint64_t misses(const std::vector<Page>& pages, const std::string& policy,
                     std::size_t frame_count) {
  return replay_loads(pages, policy, frame_count).memory.counts.misses;
}

TEST_CASE("textbook reference strings give the textbook misses") {
  struct Row {
    const std::vector<Page>& pages;
    const char* policy;
    std::size_t frame_count;
    std::uint64_t misses;
  };
  const Row kRows[] = {
      {kBelady, "fifo", 3, 9},        {kBelady, "fifo", 4, 10},  // Belady's anomaly
      {kBelady, "lru", 3, 10},        {kBelady, "lru", 4, 8},        {kBelady, "fifo", 5, 5},
      {kBelady, "lru", 5, 5},         {kBelady, "clock", 5, 5},      {kBelady, "lru", 1, 12},
      {kSilberschatz, "fifo", 3, 15}, {kSilberschatz, "lru", 3, 12},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.policy);
    CAPTURE(row.frame_count);
    CHECK(misses(row.pages, row.policy, row.frame_count) == row.misses);
  }
}

// Three frames behind each reference: > the hand, ' a set bit.
//   1 2 3   >1' 2' 3'
//   4        4' >2 3    a round clears all, then 1 is replaced
//   2        4' >2' 3   a hit
//   5       >4' 2 5'    2 is spared, 3 replaced
//   2       >4' 2' 5'   a hit
//   3        3' >2 5    a round again, 4 replaced
TEST_CASE("clock: the hand spares a page referenced since it passed") {
  const std::vector<Page> kPages = {1, 2, 3, 4, 2, 5, 2, 3};
  CHECK(misses(kPages, "clock", 3) == 6);
  // FIFO replaces 2 for 5, so that it misses.
  CHECK(misses(kPages, "fifo", 3) == 7);
}

TEST_CASE("clock:enter=0 gives a page its bit by a second reference only") {
  // 1 2 1 fill two frames, with 1's bit set. 3 clears 1, replaces 2; hand at 1. 4 replaces 1.
  CHECK(misses({1, 2, 1, 3, 4, 3}, "clock:enter=0", 2) == 4);
  // With enter=1, 3 clears 1 and 2 and replaces 1; 4 then replaces 2.
  CHECK(misses({1, 2, 1, 3, 4, 3}, "clock", 2) == 4);
  // 1 is the survivor of 3 in the one, 2 in the other.
  CHECK(misses({1, 2, 1, 3, 1}, "clock:enter=0", 2) == 3);
  CHECK(misses({1, 2, 1, 3, 1}, "clock", 2) == 4);
}

TEST_CASE("evictions count as dirty what was stored to since it came in") {
  // 1 is stored to and evicted dirty by 3; back as a load, it is evicted clean by 5.
  const Replay replay =
      replay_text(" S 1000,8\n L 2000,8\n L 3000,8\n L 1000,8\n M 4000,8\n L 5000,8\n", "fifo", 2);
  const Replaced& counts = replay.memory.counts;
  CHECK(counts.hits == 0);
  CHECK(counts.misses == 6);
  CHECK(counts.cold_misses == 5);
  CHECK(counts.evictions == 4);
  CHECK(counts.dirty_evictions == 1);
}

TEST_CASE("counting: other lines are no records, a straddling access is one with two references") {
  const Replay replay = replay_text(
      "==12== Command: x\nI  0401ab70,3\n S 1fff000708,8\n M 04032ba0,4\n"
      " L 04032ffe,4\nSYSCALL[2405,1](9) sys_mmap ( 0x0 )\n L 04033fff,1\n==12== \n",
      "lru", std::nullopt);
  CHECK(replay.counts.records == 5);
  CHECK(replay.counts.accesses == 5);
  CHECK(replay.counts.loads == 2);
  CHECK(replay.counts.stores == 1);
  CHECK(replay.counts.fetches == 1);
  CHECK(replay.counts.modifies == 1);
  CHECK(replay.counts.references == 6);
  CHECK(replay.counts.pages == 4);
  CHECK(replay.memory.counts.hits == 2);
  CHECK(replay.memory.counts.misses == 4);
  CHECK(replay.memory.counts.evictions == 0);
}

TEST_CASE("tlb: sets by remainder, the least recent of a set goes, L2 counts what missed L1") {
  // L1 2 sets of 1, L2 2 sets of 2.
  const TlbShapes kSmall{{2, 1}, {2, 1}, {4, 2}};
  // 0 2 collide in L1, stay in L2; 4 takes 0's place in L2 (0 was filled first, hit since: 2 goes).
  const Replay replay = replay_loads({0, 2, 0, 0, 1, 4, 0, 2}, "lru", std::nullopt, kSmall);
  CHECK(replay.l1d.hits == 1);
  CHECK(replay.l1d.misses == 7);
  CHECK(replay.l2.hits == 2);
  CHECK(replay.l2.misses == 5);
  CHECK(replay.l1i.hits + replay.l1i.misses == 0);
}

TEST_CASE("tlb: the first store to a page brings nothing in") {
  // L2 has one way: 2 takes 0's place there, not in L1; 1 and 3 then empty L1 of both.
  const TlbShapes shapes{.l1d = {2, 2}, .l1i = {2, 2}, .l2 = {2, 1}};
  const std::string before = " L 0,4\n L 2000,4\n";
  const std::string after = " L 1000,4\n L 3000,4\n L 0,4\n";
  CHECK(replay_text(before + " S 0,4\n" + after, "lru", std::nullopt, shapes).l2.hits == 0);
  CHECK(replay_text(before + " L 0,4\n" + after, "lru", std::nullopt, shapes).l2.hits == 0);
}

TEST_CASE("tlb: fetches and data share L2 alone") {
  const Replay replay = replay_text("I  1000,4\n L 1008,4\nI  1004,4\n", "lru", std::nullopt);
  CHECK(replay.l1i.hits == 1);
  CHECK(replay.l1i.misses == 1);
  CHECK(replay.l1d.misses == 1);
  CHECK(replay.l2.hits == 1);
  CHECK(replay.l2.misses == 1);
}

TEST_CASE("tlb: an evicted page is flushed, before the page that replaces it is filled") {
  // One frame: nothing ever hits but the page itself.
  const Replay one = replay_loads({1, 1, 2, 1}, "lru", 1);
  CHECK(one.l1d.hits == 1);
  CHECK(one.l2.misses == 3);
  // One set of two ways, two frames, FIFO: 3 evicts 1, whose way it takes, though 2 is least
  // recent.
  const Replay two = replay_loads({1, 2, 1, 3, 2}, "fifo", 2, {{2, 2}, {2, 2}, {2, 2}});
  CHECK(two.l1d.hits == 2);
  CHECK(two.l1d.misses == 3);
}

TEST_CASE("tlb: clearing a reference bit flushes that page") {
  // 3 clears 1 and 2 and replaces 1: 2 stays in memory, but not in the TLB.
  const Replay enter = replay_loads({1, 2, 3, 2, 2}, "clock", 2);
  CHECK(enter.memory.counts.hits == 2);
  CHECK(enter.l1d.hits == 1);
  CHECK(enter.l2.hits == 0);
  // A page that enters with a clear bit is in no TLB; its first hit walks, the next does not.
  const Replay clear = replay_loads({1, 1, 1}, "clock:enter=0", 2);
  CHECK(clear.memory.counts.hits == 2);
  CHECK(clear.l1d.hits == 1);
  CHECK(clear.l2.misses == 2);
}

}  // namespace
}  // namespace faultline::naive
