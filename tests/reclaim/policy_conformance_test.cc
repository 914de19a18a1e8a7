// What every replacement policy must do, run over every row of the table and its variants.
#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "tests/reclaim/guesses.h"
#include "tests/reclaim/small_memory.h"
#include "tests/support/death.h"

namespace faultline::reclaim {
namespace {

using testing::dies_with;
using testing::SmallMemory;

void for_each_policy(const std::function<void(const std::string&)>& body) {
  std::vector<std::string> names = {
      "clock:enter=0", "nbit:bits=1",           "nbit:bits=5",       "2q:kin=1,kout=1",
      "lirs:hir=50",   "lirs:hir=100,ghosts=1", "s3fifo:small=100",  "nru:tick=7",
      "aging:tick=3",  "wsclock:window=10",     "pff:threshold=1000"};
  for (const PolicyRow& row : policy_rows()) names.emplace_back(row.name);
  for (const std::string& name : names) {
    CAPTURE(name);
    body(name);
  }
}

std::unique_ptr<ReplacementPolicy> policy_of(const std::string& name, uint64_t frame_count) {
  static testing::Guesses guesses;
  return make_policy(name, {.frames = frame_count, .seed = 1, .next_uses = &guesses}).value();
}

SmallMemory memory_of(const std::string& name, uint64_t frame_count) {
  return SmallMemory(policy_of(name, frame_count), frame_count);
}

TEST_CASE("every policy: evicts nothing before memory is full, and then one page a miss") {
  for_each_policy([](const std::string& name) {
    SmallMemory memory = memory_of(name, 4);
    CHECK(memory.reference_all("ABCDABCD") == 4);
    CHECK(memory.policy().size() == 4);
    CHECK(memory.evicted().empty());
    CHECK(memory.reference_all("EFG") == 3);
    CHECK(memory.policy().size() == 4);
    CHECK(memory.evicted().size() == 3);
  });
}

TEST_CASE("every policy: chooses no page that may not be given up, and says when there is none") {
  for_each_policy([](const std::string& name) {
    SmallMemory memory = memory_of(name, 3);
    memory.reference_all("ABC");
    for (const char page : {'A', 'B', 'C'}) memory.lock(uint64_t(page));
    CHECK(!memory.reference('D'));
    CHECK(!memory.reference('D'));
    CHECK(memory.picture() == "ABC");
    CHECK(memory.policy().size() == 3);
    memory.policy().validate();
    memory.unlock('B');
    CHECK(memory.reference('D'));
    CHECK(memory.picture() == "ADC");
    // What was passed over is not forgotten.
    memory.lock('D');
    memory.unlock('C');
    CHECK(memory.reference('E'));
    CHECK(memory.picture() == "ADE");
    memory.lock('E');
    memory.unlock('A');
    CHECK(memory.reference('F'));
    CHECK(memory.picture() == "FDE");
  });
}

TEST_CASE("every policy: a frame that holds nothing yet is not chosen") {
  for_each_policy([](const std::string& name) {
    SmallMemory memory = memory_of(name, 2);
    memory.reference('A');
    CHECK(memory.take_pinned() == Pfn{2});
    CHECK(memory.reference_all("BCDB") == 4);
    CHECK(memory.picture() == "B.");
  });
}

TEST_CASE("every policy: with one frame each change of page is a miss") {
  for_each_policy([](const std::string& name) {
    SmallMemory memory = memory_of(name, 1);
    CHECK(memory.reference_all("AABBABAAA") == 5);
    CHECK(memory.evicted() == "ABAB");
  });
}

TEST_CASE("every policy: keeps count through random references, unmaps and locks") {
  for_each_policy([](const std::string& name) {
    for (const uint64_t frame_count : std::initializer_list<uint64_t>{1, 2, 3, 7, 64}) {
      SmallMemory memory = memory_of(name, frame_count);
      base::Prng prng(frame_count);
      for (int step = 0; step < 3'000; ++step) {
        const uint64_t page = prng.below(2 * frame_count + 2);
        switch (prng.below(16)) {
          case 0:
            memory.unmap(page);
            break;
          case 1:
            memory.lock(page);
            break;
          case 2:
          case 3:
            for (uint64_t p = 0; p < 2 * frame_count + 2; ++p) memory.unlock(p);
            break;
          default:
            (void)memory.reference(page);
        }
        memory.policy().validate();
      }
      CHECK(memory.policy().size() == memory.resident_pages());
      CHECK(memory.resident_pages() > 0);
    }
  });
}

TEST_CASE("every policy: the same string twice chooses the same victims") {
  for_each_policy([](const std::string& name) {
    std::vector<std::string> evicted;
    for (int run = 0; run < 2; ++run) {
      SmallMemory memory = memory_of(name, 8);
      base::Prng prng(5);
      for (int i = 0; i < 2'000; ++i) REQUIRE(memory.reference('A' + prng.below(20)));
      evicted.push_back(memory.evicted());
    }
    CHECK(evicted[0] == evicted[1]);
    CHECK(evicted[0].size() > 100);
  });
}

TEST_CASE("every policy: it does not matter in how many parts it is told of references") {
  for_each_policy([](const std::string& name) {
    if (policy_of(name, 1)->sees() != PolicySees::kEveryReference) return;
    std::vector<std::string> evicted;
    for (const auto told : {SmallMemory::Told::kOneByOne, SmallMemory::Told::kJoined}) {
      SmallMemory memory(policy_of(name, 8), 8, told);
      base::Prng prng(5);
      for (int i = 0; i < 3'000; ++i) {
        const uint64_t page = 'A' + prng.below(prng.below(20) + 1);
        for (uint64_t times = prng.below(4) + 1; times > 0; --times)
          REQUIRE(memory.reference(page));
      }
      evicted.push_back(memory.evicted());
    }
    CHECK(evicted[0] == evicted[1]);
    CHECK(evicted[0].size() > 100);
  });
}

TEST_CASE("every policy: remembers no more pages than it may, however many there are") {
  for_each_policy([](const std::string& name) {
    SmallMemory memory = memory_of(name, 5);
    for (uint64_t page = 0; page < 5'000; ++page) {
      REQUIRE(memory.reference(page % 1'700));
      if (page % 3 == 0) REQUIRE(memory.reference(page % 5));
      if (page % 64 == 0) memory.policy().validate();
    }
  });
}

TEST_CASE("policies that give up early: a tick, or a fault, does it, and never what is locked") {
  SmallMemory set = memory_of("ws:window=8,tick=4", 8);
  set.reference_all("ABCD");
  set.lock('B');
  for (int i = 0; i < 4; ++i) set.reference_all("AAAA");
  CHECK(set.picture() == "AB......");
  SmallMemory frequency = memory_of("pff:threshold=8", 8);
  frequency.reference_all("ABCDAAAAAAAA");
  CHECK(frequency.picture() == "ABCD....");
  // At E all have been used since the beginning; at F nobody has used B, C and D since, and B
  // stays.
  frequency.reference_all("EAAAAAAAAA");
  frequency.lock('B');
  frequency.reference('F');
  CHECK(frequency.picture() == "ABF.E...");
}

TEST_CASE("every policy: a page that comes twice, or goes unheld, is a bug") {
  for_each_policy([](const std::string& name) {
    CHECK(dies_with(
        [&] {
          const auto policy = policy_of(name, 4);
          policy->on_insert(Pfn{1}, PageId{1});
          policy->on_insert(Pfn{1}, PageId{2});
        },
        "check failed"));
    CHECK(dies_with(
        [&] {
          const auto policy = policy_of(name, 4);
          policy->on_insert(Pfn{1}, PageId{1});
          policy->on_remove(Pfn{2});
        },
        "check failed"));
  });
}

}  // namespace
}  // namespace faultline::reclaim
