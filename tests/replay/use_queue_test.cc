// UseQueue is held to a list of pages in the order of their last uses.
#include "sim/replay/use_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/base/prng.h"

namespace faultline::replay {
namespace {

constexpr uint32_t kPages = 40;
constexpr size_t kHeldMax = 16;

struct Model {
  UseQueue queue;
  std::vector<uint64_t> times = std::vector<uint64_t>(kPages);
  std::vector<uint32_t> order;  // pages that are held, the least recent first

  auto time_of() {
    return [this](uint32_t page) -> uint64_t& { return times[page]; };
  }
  void use(uint32_t page) {
    std::erase(order, page);
    order.push_back(page);
    const uint64_t next = queue.next_place();
    times[page] = queue.push(page, time_of());
    CHECK(times[page] == next);
  }
  void take() {
    REQUIRE(queue.take_least_recent(time_of()) == order.front());
    order.erase(order.begin());
  }
};

TEST_CASE("UseQueue: the least recent page, whatever was used how often") {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    base::Prng prng(seed);
    Model model;
    // Room for twice as many as are held: all that it needs.
    model.queue.restart(prng.below(1'000'000), 2 * kHeldMax);
    for (int i = 0; i < 2'000; ++i) {
      const auto page = static_cast<uint32_t>(prng.below(kPages));
      const bool held = std::ranges::find(model.order, page) != model.order.end();
      if (!held && model.order.size() == kHeldMax) model.take();
      // Some are used over and over.
      for (uint64_t uses = 1 + prng.below(4) * prng.below(20); uses > 0; --uses) model.use(page);
      if (prng.below(30) == 0) model.take();
    }
    while (!model.order.empty()) model.take();
  }
}

TEST_CASE("UseQueue: without older uses there is one of each page, in order") {
  Model model;
  model.queue.restart(7, 64);
  for (const uint32_t page : {3U, 1U, 3U, 2U, 1U, 3U}) model.use(page);
  CHECK(model.queue.next_place() == 13);
  model.queue.make_room(64 - 6 + 1, model.time_of());
  std::vector<uint32_t> pages;
  model.queue.for_each([&](UseQueue::Use use) {
    pages.push_back(use.page);
    CHECK(model.times[use.page] == use.place);
  });
  CHECK(pages == std::vector<uint32_t>{2, 1, 3});
  // What comes is behind all of them.
  CHECK(model.queue.next_place() == 13);
  CHECK(model.times[2] == 10);
  CHECK(model.queue.take_least_recent(model.time_of()) == 2);
}

}  // namespace
}  // namespace faultline::replay
