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

TEST_CASE("victims: three frames") {
  const Row rows[] = {
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
  };
  for (const Row& row : rows) {
    CAPTURE(row.policy);
    CAPTURE(row.references);
    CHECK(picture_after(row.policy, 3, row.references) == row.picture);
  }
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
