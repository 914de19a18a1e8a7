// Whom each policy chooses, in pictures: pages by frame, lowest frame first.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/reclaim/policy_table.h"
#include "tests/reclaim/small_memory.h"

namespace faultline::reclaim {
namespace {

using testing::SmallMemory;

SmallMemory memory_of(std::string_view policy, uint64_t frame_count) {
  return SmallMemory(make_policy(policy, {.frames = frame_count}).value(), frame_count);
}

// After `references`, in which a small letter unmaps the page of the large one.
std::string picture_after(std::string_view policy, uint64_t frame_count,
                          std::string_view references) {
  SmallMemory memory = memory_of(policy, frame_count);
  for (const char c : references) {
    if (c >= 'a') {
      memory.unmap(uint64_t(c - 'a' + 'A'));
    } else {
      CHECK(memory.reference(uint64_t(c)));
    }
  }
  return memory.picture();
}

struct Row {
  std::string_view policy;
  std::string_view references;
  std::string_view picture;
};

const Row kThreeFrames[] = {
    {"lru", "ABC", "ABC"},
    {"lru", "ABCD", "DBC"},
    {"lru", "ABCAD", "ADC"},
    {"lru", "ABCABD", "ABD"},
    {"lru", "ABCABDC", "CBD"},
    {"lru", "ABCaD", "DBC"},
    {"lru", "ABCaDE", "DEC"},   // A came back as D: the oldest is B
    {"lru", "ABCbBDE", "DBE"},  // B came anew
    {"fifo", "ABCD", "DBC"},
    {"fifo", "ABCAD", "DBC"},  // use does not help
    {"fifo", "ABCADE", "DEC"},
    {"fifo", "ABCaDE", "DEC"},
    {"fifo", "ABCaADE", "ADE"},  // A came last
    // All bits are set: the hand goes once around and takes the first, then stands at B.
    {"clock", "ABCD", "DBC"},
    {"clock", "ABCDE", "DEC"},
    {"clock", "ABCDBE", "DBE"},   // B is spared, C goes
    {"clock", "ABCDBEF", "DFE"},  // D entered with its bit set, B has lost its
    {"clock", "ABCaD", "DBC"},    // the lowest free frame refills
    {"clock", "ABCaDE", "EBC"},
    {"clock", "ABCDbBE", "DBE"},  // B enters anew at the hand, bit set
    // Bits enter clear.
    {"clock:enter=0", "ABCD", "DBC"},
    {"clock:enter=0", "ABCAD", "ADC"},
    {"clock:enter=0", "ABCABCD", "DBC"},
    {"clock:enter=0", "ABCDBE", "DBE"},
    {"clock:enter=0", "ABCDBEF", "FBE"},  // D was not used after it came
    {"clock:enter=0", "ABCDbBE", "DEC"},
    {"mru", "ABCD", "ABD"},
    {"mru", "ABCAD", "DBC"},
    {"mru", "ABCDaE", "EBD"},
    {"second-chance", "ABCD", "DBC"},
    {"second-chance", "ABCDBE", "DBE"},
    {"second-chance", "ABCDBEF", "DFE"},  // as clock
    {"nbit", "ABCD", "DBC"},
    {"nbit", "ABCDE", "DEC"},  // B was found unused twice by then
    {"nbit", "ABCDBE", "DBE"},
    {"nbit:bits=1", "ABCDBEF", "DFE"},  // as clock
    {"nru", "ABCD", "DBC"},
    {"nru:tick=4", "ABCCBDE", "DBE"},  // the tick leaves all unused, and then B is used
    {"aging:tick=4", "ABCCBD", "DBC"},
    {"aging:tick=4", "ABCCBDE", "DEC"},  // that B was used does not count yet; D has no counter
    {"lfu", "ABCABD", "ABD"},
    {"lfu", "AABCD", "ADC"},
    {"lfu", "AABCDBE", "AEB"},
    {"lfu", "ABCAABBCCD", "DBC"},  // three times each: A was used before the others
    {"sieve", "ABCABD", "ABD"},
    {"sieve", "ABCABDE", "EBD"},  // the hand starts again at the oldest, A, whose bit is clear now
    {"sieve", "ABCABDEF", "EFD"},
    {"sieve", "ABCABDbE", "AED"},  // B's frame is free
    {"ws", "ABCD", "DBC"},
    {"ws", "ABCDBE", "DBE"},
    {"wsclock", "ABCD", "DBC"},
    {"wsclock", "ABCDBE", "DBE"},
    {"pff", "ABCD", "DBC"},
    {"pff", "ABCDBE", "DBE"},
    {"linux", "ABCD", "DBC"},
    {"linux", "ABCDBE", "DBE"},  // B is active now
    // All of T1 and nothing remembered: A is forgotten.
    {"arc", "ABCD", "DBC"},
    {"arc", "ABCDA", "DAC"},
    {"arc", "ABBCD", "DBC"},    // A is remembered in B1
    {"arc", "ABBCDA", "DBA"},   // and comes back: p = 1, C goes
    {"arc", "ABBCDAE", "DEA"},  // T1 has one page, as p says: B of T2 goes
    // A and B are LIR, one page is HIR.
    {"lirs", "ABC", "ABC"},
    {"lirs", "ABCD", "ABD"},
    {"lirs", "ABCDC", "ABC"},  // C is remembered in S: LIR now, and A is HIR
    {"lirs", "ABCDCE", "EBC"},
    {"clockpro", "ABCD", "DBC"},
    {"clockpro", "ABCAD", "ADC"},  // A is hot
    {"clockpro", "ABCDA", "DAC"},  // A was in its test period: hot
    {"clockpro", "ABCDAE", "DAE"},
};

TEST_CASE("victims: three frames") {
  for (const Row& row : kThreeFrames) {
    CAPTURE(row.policy);
    CAPTURE(row.references);
    CHECK(picture_after(row.policy, 3, row.references) == row.picture);
  }
}

TEST_CASE("victims: four frames") {
  const Row rows[] = {
      // A1in may have one page, A1out remembers two.
      {"2q", "ABCDE", "EBCD"},
      {"2q", "ABCDEA", "EACD"},     // A is of Am now
      {"2q", "ABCDEAFGH", "HAFG"},  // and not touched by what comes once
      {"2q", "ABCDEAFGHB", "HABG"},
      // S may have one page, M and G three.
      {"s3fifo", "AABCDE", "EBCD"},
      {"s3fifo", "AAABCDE", "AECD"},  // used more than once: A goes to M
      {"s3fifo", "ABCDEA", "EACD"},   // remembered: A comes to M
      {"s3fifo", "ABCDEAFGH", "HAFG"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.policy);
    CAPTURE(row.references);
    CHECK(picture_after(row.policy, 4, row.references) == row.picture);
  }
}

TEST_CASE("victims: NRU and WSClock rather give up clean pages") {
  for (const std::string_view name : {"nru:tick=3", "wsclock:window=1"}) {
    CAPTURE(name);
    SmallMemory memory = memory_of(name, 3);
    memory.reference_all("ABC");
    memory.set_dirty('A');
    memory.reference_all("CCC");
    CHECK(memory.reference('D'));
    CHECK(memory.picture() == (name.starts_with("nru") ? "ADC" : "DBC"));
    // WSClock's hand had only just found all used; now it has seen B unused.
    memory.set_dirty('D');
    memory.reference_all("CCCC");
    CHECK(memory.reference('E'));
    CHECK(memory.picture() == (name.starts_with("nru") ? "EDC" : "DEC"));
  }
}

TEST_CASE("victims: random draws by the seed") {
  const auto evicted = [](uint64_t seed) {
    SmallMemory memory(make_policy("random", {.frames = 4, .seed = seed}).value(), 4);
    memory.reference_all("ABCDEFGHIJKLMNOP");
    return memory.evicted();
  };
  CHECK(evicted(1) == evicted(1));
  CHECK(evicted(1) != evicted(2));
}

TEST_CASE("victims: Belady's string misses more often with more frames under FIFO, not under LRU") {
  const auto misses = [](std::string_view policy, uint64_t frame_count) {
    return memory_of(policy, frame_count).reference_all("ABCDABEABCDE");
  };
  CHECK(misses("fifo", 3) == 9);
  CHECK(misses("fifo", 4) == 10);
  CHECK(misses("lru", 3) == 10);
  CHECK(misses("lru", 4) == 8);
}

TEST_CASE("victims: the hand of CLOCK starts at the first frame filled") {
  SmallMemory memory = memory_of("clock", 3);
  // As if frame 1 were the kernel's: the policy first hears of frame 2.
  auto policy = make_policy("clock").value();
  policy->on_insert(Pfn{2}, PageId{2});
  policy->on_insert(Pfn{3}, PageId{3});
  policy->on_insert(Pfn{1}, PageId{1});
  memory.reference_all("ABC");
  CHECK(policy->choose_victim(memory, kNoPage) == Pfn{2});
}

TEST_CASE("victims: pages without a reference go in the order they came") {
  for (const std::string_view name : {"lru", "fifo", "clock"}) {
    CAPTURE(name);
    auto policy = make_policy(name).value();
    // All frames evictable, none referenced.
    struct Untouched : FrameView {
      uint64_t now() const override { return 7; }
      uint64_t last_reference(Pfn) const override { return 7; }
      bool test_and_clear_accessed(Pfn) override { return false; }
      bool dirty(Pfn) const override { return false; }
      bool evictable(Pfn) const override { return true; }
    } frames;
    for (const uint32_t frame : {1u, 2u, 3u, 4u}) policy->on_insert(Pfn{frame}, PageId{frame});
    for (const uint32_t frame : {1u, 2u, 3u, 4u})
      CHECK(policy->choose_victim(frames, kNoPage) == Pfn{frame});
    CHECK(policy->choose_victim(frames, kNoPage) == kNoPfn);
  }
}

}  // namespace
}  // namespace faultline::reclaim
