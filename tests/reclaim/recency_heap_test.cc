#include "sim/reclaim/recency_heap.h"

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

struct RecencyHeapTestPeer {
  static void forget_entries(RecencyHeap& heap) { heap.new_.clear(); }
  static void repeat_entry(RecencyHeap& heap) { heap.heap_.push_back(heap.new_.front()); }
  static void turn_heap(RecencyHeap& heap) { std::reverse(heap.heap_.begin(), heap.heap_.end()); }
  static uint64_t& size(RecencyHeap& heap) { return heap.size_; }
  static size_t entries(const RecencyHeap& heap) { return heap.new_.size() + heap.heap_.size(); }
};

namespace {

using testing::dies_with;
using Peer = RecencyHeapTestPeer;

// Positions that a test sets, and frames that it locks.
class Positions final : public FrameView {
 public:
  uint64_t last_reference(Pfn frame) const override {
    const auto found = positions.find(frame.value);
    return found == positions.end() ? 0 : found->second;
  }
  bool test_and_clear_accessed(Pfn) override { return false; }
  bool evictable(Pfn frame) const override { return !locked.contains(frame.value); }
  std::map<uint32_t, uint64_t> positions;
  std::set<uint32_t> locked;
};

RecencyHeap heap_of(std::initializer_list<uint32_t> frames) {
  RecencyHeap heap;
  for (const uint32_t frame : frames) heap.add(Pfn{frame});
  return heap;
}

TEST_CASE("RecencyHeap: the oldest goes first, equals in the order they came") {
  Positions at;
  at.positions = {{1, 9}, {2, 3}, {5, 7}};
  RecencyHeap heap = heap_of({1, 4, 2, 3, 5});
  for (const uint32_t wanted : {4u, 3u, 2u, 5u, 1u}) {
    CHECK(heap.take_oldest(at) == Pfn{wanted});
    heap.validate();
  }
  CHECK(heap.take_oldest(at) == kNoPfn);
  CHECK(heap.size() == 0);
}

TEST_CASE("RecencyHeap: a frame referenced since it was looked at goes back") {
  Positions at;
  at.positions = {{1, 1}, {2, 2}, {3, 3}};
  RecencyHeap heap = heap_of({1, 2, 3});
  CHECK(heap.take_oldest(at) == Pfn{1});
  at.positions[2] = 4;
  CHECK(heap.take_oldest(at) == Pfn{3});
  CHECK(heap.take_oldest(at) == Pfn{2});
}

TEST_CASE("RecencyHeap: a frame that may not go is passed over, and not forgotten") {
  Positions at;
  at.positions = {{1, 1}, {2, 2}};
  at.locked = {1};
  RecencyHeap heap = heap_of({1, 2});
  CHECK(heap.take_oldest(at) == Pfn{2});
  CHECK(heap.take_oldest(at) == kNoPfn);
  heap.validate();
  at.locked.clear();
  CHECK(heap.take_oldest(at) == Pfn{1});
}

TEST_CASE("RecencyHeap: entries of frames that came and went do not pile up") {
  RecencyHeap heap;
  for (int i = 0; i < 10'000; ++i) {
    heap.add(Pfn{uint32_t(1 + i % 3)});
    heap.remove(Pfn{uint32_t(1 + i % 3)});
    heap.validate();
  }
  CHECK(Peer::entries(heap) < 100);
}

TEST_CASE("RecencyHeap: random calls agree with a plain search") {
  base::Prng prng(17);
  Positions at;
  RecencyHeap heap;
  std::vector<uint32_t> held;  // in the order they came
  uint64_t now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto frame = uint32_t(prng.below(30));
    const auto where = std::find(held.begin(), held.end(), frame);
    switch (prng.below(8)) {
      case 0:
      case 1:
        if (where != held.end()) break;
        heap.add(Pfn{frame});
        held.push_back(frame);
        at.positions[frame] = prng.below(4) == 0 ? now : ++now;
        break;
      case 2:
        if (where == held.end()) break;
        heap.remove(Pfn{frame});
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
        REQUIRE(heap.take_oldest(at) == (oldest == held.end() ? kNoPfn : Pfn{*oldest}));
        if (oldest != held.end()) held.erase(oldest);
        break;
      }
      default:
        at.positions[frame] = ++now;
    }
    heap.validate();
    REQUIRE(heap.size() == held.size());
  }
}

TEST_CASE("RecencyHeap: a frame is held once, and only a held one can go") {
  CHECK(dies_with([] { heap_of({1, 1}); }, "== kNotHeld"));
  CHECK(dies_with([] { heap_of({1}).remove(Pfn{0}); }, "!= kNotHeld"));
  CHECK(dies_with([] { heap_of({1}).remove(Pfn{2}); }, "frame.value < entered_.size()"));
  CHECK(dies_with([] { heap_of({kNoPfn.value}); }, "frame != kNoPfn"));
}

TEST_CASE("RecencyHeap: validate sees each broken invariant") {
  RecencyHeap heap = heap_of({1, 2, 3});
  heap.validate();
  SUBCASE("1: a frame without an entry") {
    Peer::forget_entries(heap);
    CHECK(dies_with([&] { heap.validate(); }, "lru: frame 1 has no entry"));
  }
  SUBCASE("1: two entries of a frame") {
    Peer::repeat_entry(heap);
    CHECK(dies_with([&] { heap.validate(); }, "lru: two entries of frame 1"));
  }
  SUBCASE("2: the heap") {
    Positions at;
    at.positions = {{1, 1}, {2, 2}, {3, 3}};
    CHECK(heap.take_oldest(at) == Pfn{1});
    Peer::turn_heap(heap);
    CHECK(dies_with([&] { heap.validate(); }, "is_heap"));
  }
  SUBCASE("3: the count") {
    ++Peer::size(heap);
    CHECK(dies_with([&] { heap.validate(); }, "lru: 3 frames held, 4 counted"));
  }
}

}  // namespace
}  // namespace faultline::reclaim
