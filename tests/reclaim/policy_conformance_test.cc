// What every replacement policy must do, run over every row of the table and its variants.
#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "tests/reclaim/small_memory.h"
#include "tests/support/death.h"

namespace faultline::reclaim {
namespace {

using testing::dies_with;
using testing::SmallMemory;

void for_each_policy(const std::function<void(const std::string&)>& body) {
  for (const PolicyRow& row : policy_rows()) {
    CAPTURE(row.name);
    body(std::string(row.name));
  }
  body("clock:enter=0");
}

SmallMemory memory_of(const std::string& policy, uint64_t frame_count) {
  return SmallMemory(make_policy(policy, {.frames = frame_count}).value(), frame_count);
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
    memory.unlock('A');
    memory.unlock('C');
    CHECK(memory.reference_all("EFG") == 3);
    CHECK(memory.picture().find_first_of("ACD") == std::string::npos);
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

TEST_CASE("every policy: a page that comes twice, or goes unheld, is a bug") {
  for_each_policy([](const std::string& name) {
    CHECK(dies_with(
        [&] {
          auto policy = make_policy(name);
          policy.value()->on_insert(Pfn{1}, PageId{1});
          policy.value()->on_insert(Pfn{1}, PageId{1});
        },
        "check failed"));
    CHECK(dies_with(
        [&] {
          auto policy = make_policy(name);
          policy.value()->on_insert(Pfn{1}, PageId{1});
          policy.value()->on_remove(Pfn{2});
        },
        "check failed"));
  });
}

}  // namespace
}  // namespace faultline::reclaim
