// Stack distances against the stack itself, for the code of every kind of processor.
#include "sim/replay/stack_distances.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "sim/base/prng.h"

namespace faultline::replay {
namespace {

// The stack as a list, which is searched from its top.
class NaiveStack {
 public:
  // 0: not in it.
  uint64_t reference(uint32_t page) {
    const auto at = std::find(stack_.rbegin(), stack_.rend(), page);
    const bool found = at != stack_.rend();
    const auto distance = static_cast<uint64_t>(at - stack_.rbegin()) + 1;
    if (found) stack_.erase(std::prev(at.base()));
    stack_.push_back(page);
    return found ? distance : 0;
  }
  void remove(uint32_t page) { std::erase(stack_, page); }

 private:
  std::vector<uint32_t> stack_;  // its top last
};

std::vector<uint64_t> naive_counts(const std::vector<uint32_t>& pages) {
  NaiveStack stack;
  std::vector<uint64_t> counts(1, 0);
  for (const uint32_t page : pages) {
    const uint64_t distance = stack.reference(page);
    if (distance >= counts.size()) counts.resize(distance + 1, 0);
    if (distance > 0) ++counts[distance];
  }
  return counts;
}

struct String {
  std::string name;
  uint32_t pages;
  std::vector<uint32_t> references;
};

using PageOf = uint32_t (*)(uint64_t index, uint64_t random);
String make(std::string name, uint32_t pages, uint64_t length, PageOf page_of) {
  String string{std::move(name), pages, {}};
  base::Prng random(7);
  for (uint64_t i = 0; i < length; ++i)
    string.references.push_back(page_of(i, random.next()) % pages);
  return string;
}

uint32_t uniform(uint64_t, uint64_t random) { return static_cast<uint32_t>(random >> 33); }
uint32_t in_turn(uint64_t i, uint64_t) { return static_cast<uint32_t>(i); }
// Up and down: each distance once.
uint32_t to_and_fro(uint64_t i, uint64_t) {
  return static_cast<uint32_t>(i % 3998 < 2000 ? i % 3998 : 3998 - i % 3998);
}
// Mostly near, now and then far.
uint32_t skewed(uint64_t i, uint64_t random) {
  const uint64_t far = random % 16 == 0 ? 4000 : 12;
  return static_cast<uint32_t>(i / 1000 + (random >> 8) % far);
}
// Few pages for long, so that positions are used up with hardly any marked.
uint32_t seventeen(uint64_t i, uint64_t random) {
  return static_cast<uint32_t>(random % 1000 == 0 ? 17 + i % 100 : i % 17);
}

std::vector<String> strings() {
  return {
      make("uniform, less than the front", 9, 5'000, uniform),
      make("uniform, as many as the front", 16, 5'000, uniform),
      make("uniform, one more", 17, 5'000, uniform),
      make("uniform, more", 700, 50'000, uniform),
      make("in turn, as many as the front", 16, 2'000, in_turn),
      make("in turn, one more", 17, 2'000, in_turn),
      make("in turn, many", 1'000, 40'000, in_turn),
      // More references at one distance than a counter can count.
      make("in turn, one more, often", 17, 200'000, in_turn),
      make("to and fro", 2'000, 12'000, to_and_fro),
      make("skewed", 5'000, 50'000, skewed),
      make("seventeen", 200, 150'000, seventeen),
      // More than one group of positions, and these used up.
      make("in turn, 9,000", 9'000, 45'000, in_turn),
      make("one page", 1, 100, in_turn),
      make("nothing", 1, 0, in_turn),
  };
}

std::vector<StackKernel> kernels() {
  std::vector<StackKernel> all;
  for (const StackKernel kernel :
       {StackKernel::kPortable, StackKernel::kAvx2, StackKernel::kAvx512})
    if (can_run(kernel)) all.push_back(kernel);
  return all;
}

TEST_CASE("StackDistances: the counts are those of a list that is searched") {
  for (const String& string : strings()) {
    CAPTURE(string.name);
    const std::vector<uint64_t> expected = naive_counts(string.references);
    const uint64_t known = uint64_t(
        std::count_if(expected.begin(), expected.end(), [](uint64_t count) { return count > 0; }));
    CHECK((known > 0 || string.references.empty()));
    for (const StackKernel kernel : kernels()) {
      CAPTURE(int(kernel));
      StackDistances stack(kernel);
      stack.grow_to(string.pages);
      std::span<const uint32_t> left = string.references;
      for (size_t length = 0; !left.empty(); length = length % 977 + 1) {
        const size_t count = std::min(length, left.size());
        stack.add(left.first(count));
        left = left.subspan(count);
      }
      CHECK(stack.counts() == expected);
      uint64_t found = stack.cold();
      for (const uint64_t count : expected) found += count;
      CHECK(found == string.references.size());
    }
  }
}

TEST_CASE("StackDistances: one by one, with pages that are taken out") {
  for (const uint32_t pages : {10U, 40U, 900U}) {
    CAPTURE(pages);
    base::Prng random(pages);
    NaiveStack naive;
    StackDistances stack;
    stack.grow_to(pages);
    bool same = true;
    for (int i = 0; i < 60'000; ++i) {
      const auto page = static_cast<uint32_t>(random.below(pages));
      if (random.below(8) == 0) {
        naive.remove(page);
        stack.remove(page);
      } else {
        same = same && stack.add_one(page) == naive.reference(page);
      }
    }
    CHECK(same);
  }
}

TEST_CASE("StackDistances: a copy goes on as the original does") {
  const String string = make("skewed", 5'000, 100'000, skewed);
  StackDistances stack;
  stack.grow_to(string.pages);
  const std::span<const uint32_t> all = string.references;
  stack.add(all.first(50'001));
  StackDistances copy = stack;
  stack.add(all.subspan(50'001));
  CHECK(stack.counts() == naive_counts(string.references));
  copy.add(all.subspan(50'001));
  CHECK(copy.counts() == stack.counts());
  CHECK(copy.cold() == stack.cold());
}

TEST_CASE("StackDistances: pages may become more on the way") {
  StackDistances stack;
  std::vector<uint32_t> references;
  for (uint32_t round = 1; round <= 60; ++round) {
    stack.grow_to(round * 100);
    std::vector<uint32_t> some;
    for (uint32_t i = 0; i < 2000; ++i) some.push_back(i * 7919 % (round * 100));
    stack.add(some);
    references.insert(references.end(), some.begin(), some.end());
  }
  CHECK(stack.counts() == naive_counts(references));
}

}  // namespace
}  // namespace faultline::replay
