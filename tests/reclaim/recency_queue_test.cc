#include "sim/reclaim/recency_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::reclaim {

struct RecencyQueueTestPeer {
  static void forget_entries(RecencyQueue& queue) {
    std::fill(queue.entries_.begin(), queue.entries_.end(), kNoPfn);
  }
  static void repeat_entry(RecencyQueue& queue) {
    queue.entries_.push_back(queue.entries_.front());
  }
  static size_t& next(RecencyQueue& queue) { return queue.next_; }
  static size_t& sorted(RecencyQueue& queue) { return queue.sorted_; }
  static uint64_t& size(RecencyQueue& queue) { return queue.size_; }
  static size_t entries(const RecencyQueue& queue) { return queue.entries_.size(); }
};

namespace {

using testing::dies_with;
using Peer = RecencyQueueTestPeer;

// Positions that a test sets, and frames that it locks.
class Positions final : public FrameView {
 public:
  uint64_t now() const override { return 0; }
  bool dirty(Pfn) const override { return false; }
  uint64_t last_reference(Pfn frame) const override {
    const auto found = positions.find(frame.value);
    return found == positions.end() ? 0 : found->second;
  }
  bool test_and_clear_accessed(Pfn) override { return false; }
  bool evictable(Pfn frame) const override { return !locked.contains(frame.value); }
  std::map<uint32_t, uint64_t> positions;
  std::set<uint32_t> locked;
};

RecencyQueue queue_of(std::initializer_list<uint32_t> frames) {
  RecencyQueue queue;
  for (const uint32_t frame : frames) queue.add(Pfn{frame});
  return queue;
}

TEST_CASE("RecencyQueue: the oldest goes first, equals in the order they came") {
  Positions at;
  at.positions = {{1, 9}, {2, 3}, {5, 7}};
  RecencyQueue queue = queue_of({1, 4, 2, 3, 5});
  for (const uint32_t wanted : {4u, 3u, 2u, 5u, 1u}) {
    CHECK(queue.take_oldest(at) == Pfn{wanted});
    queue.validate();
  }
  CHECK(queue.take_oldest(at) == kNoPfn);
  CHECK(queue.size() == 0);
}

TEST_CASE("RecencyQueue: a frame referenced since it was looked at goes back") {
  Positions at;
  at.positions = {{1, 1}, {2, 2}, {3, 3}};
  RecencyQueue queue = queue_of({1, 2, 3});
  CHECK(queue.take_oldest(at) == Pfn{1});
  at.positions[2] = 4;
  CHECK(queue.take_oldest(at) == Pfn{3});
  CHECK(queue.take_oldest(at) == Pfn{2});
}

TEST_CASE("RecencyQueue: a frame that may not go is passed over, and not forgotten") {
  Positions at;
  at.positions = {{1, 1}, {2, 2}};
  at.locked = {1};
  RecencyQueue queue = queue_of({1, 2});
  CHECK(queue.take_oldest(at) == Pfn{2});
  CHECK(queue.take_oldest(at) == kNoPfn);
  queue.validate();
  at.locked.clear();
  CHECK(queue.take_oldest(at) == Pfn{1});
}

TEST_CASE("RecencyQueue: entries of frames that came and went do not pile up") {
  RecencyQueue queue;
  for (int i = 0; i < 10'000; ++i) {
    queue.add(Pfn{uint32_t(1 + i % 3)});
    queue.remove(Pfn{uint32_t(1 + i % 3)});
    queue.validate();
  }
  CHECK(Peer::entries(queue) < 100);
}

TEST_CASE("RecencyQueue: entries that are dropped leave the others in order") {
  Positions at;
  RecencyQueue queue;
  for (uint32_t i = 1; i <= 6; ++i) {
    queue.add(Pfn{i});
    at.positions[i] = i;
  }
  CHECK(queue.take_oldest(at) == Pfn{1});  // 2 to 6 are in order now
  at.positions[2] = 7;
  CHECK(queue.take_oldest(at) == Pfn{3});
  queue.remove(Pfn{5});
  at.positions[7] = 8;
  queue.add(Pfn{7});
  at.positions[2] = 9;
  for (int i = 0; i < 200; ++i) {  // enough for entries to be dropped, more than once
    queue.add(Pfn{8});
    queue.remove(Pfn{8});
    queue.validate();
  }
  CHECK(Peer::entries(queue) < 100);
  for (const uint32_t wanted : {4u, 6u, 7u, 2u}) CHECK(queue.take_oldest(at) == Pfn{wanted});
  CHECK(queue.take_oldest(at) == kNoPfn);
}

TEST_CASE("RecencyQueue: of a frame referenced and one read ahead then, the first is older") {
  Positions at;
  at.positions = {{1, 1}, {2, 2}, {3, 3}};
  RecencyQueue queue = queue_of({1, 2, 3});
  CHECK(queue.take_oldest(at) == Pfn{1});
  at.positions[2] = 4;
  queue.add(Pfn{4});
  at.positions[4] = 4;
  for (const uint32_t wanted : {3u, 2u, 4u}) CHECK(queue.take_oldest(at) == Pfn{wanted});
}

TEST_CASE("RecencyQueue: random calls agree with a plain search") {
  base::Prng prng(17);
  Positions at;
  RecencyQueue queue;
  std::vector<uint32_t> held;  // in the order they came
  uint64_t now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto frame = uint32_t(prng.below(30));
    const auto where = std::find(held.begin(), held.end(), frame);
    switch (prng.below(8)) {
      case 0:
      case 1:
        if (where != held.end()) break;
        queue.add(Pfn{frame});
        held.push_back(frame);
        at.positions[frame] = prng.below(4) == 0 ? now : ++now;
        break;
      case 2:
        if (where == held.end()) break;
        queue.remove(Pfn{frame});
        held.erase(where);
        break;
      case 3: {
        at.locked.clear();
        if (prng.below(2) == 0) at.locked.insert(uint32_t(prng.below(30)));
        auto oldest = held.end();
        for (auto it = held.begin(); it != held.end(); ++it) {
          if (!at.evictable(Pfn{*it})) continue;
          if (oldest == held.end() || at.positions[*it] < at.positions[*oldest]) oldest = it;
        }
        REQUIRE(queue.take_oldest(at) == (oldest == held.end() ? kNoPfn : Pfn{*oldest}));
        if (oldest != held.end()) held.erase(oldest);
        break;
      }
      default:
        at.positions[frame] = ++now;
    }
    queue.validate();
    REQUIRE(queue.size() == held.size());
  }
}

TEST_CASE("RecencyQueue: a frame is held once, and only a held one can go") {
  CHECK(dies_with([] { queue_of({1, 1}); }, "== kNotHeld"));
  CHECK(dies_with([] { queue_of({1}).remove(Pfn{0}); }, "!= kNotHeld"));
  CHECK(dies_with([] { queue_of({1}).remove(Pfn{2}); }, "frame.value < places_.size()"));
  CHECK(dies_with([] { queue_of({kNoPfn.value}); }, "frame != kNoPfn"));
}

TEST_CASE("RecencyQueue: validate sees each broken invariant") {
  RecencyQueue queue = queue_of({1, 2, 3});
  queue.validate();
  SUBCASE("1: a frame without an entry") {
    Peer::forget_entries(queue);
    CHECK(dies_with([&] { queue.validate(); }, "lru: frame 1 has no entry"));
  }
  SUBCASE("1: two entries of a frame") {
    Peer::repeat_entry(queue);
    CHECK(dies_with([&] { queue.validate(); }, "lru: two entries of frame 1"));
  }
  SUBCASE("2: the order of the parts") {
    Peer::next(queue) = 1;
    CHECK(dies_with([&] { queue.validate(); }, "lru: parts at 0, 1 and 0 of 3"));
  }
  SUBCASE("2: a frame where nothing is") {
    Peer::next(queue) = Peer::sorted(queue) = 1;
    CHECK(dies_with([&] { queue.validate(); }, "lru: an entry where nothing is"));
  }
  SUBCASE("3: the count") {
    ++Peer::size(queue);
    CHECK(dies_with([&] { queue.validate(); }, "lru: 3 frames held, 4 counted"));
  }
}

}  // namespace
}  // namespace faultline::reclaim
