#include "sim/phys/frame_allocator.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::phys {

struct FrameAllocatorTestPeer {
  static void clear_summary(FrameAllocator& a) { a.free_bits_[1][0] = 0; }
  static void set_in_use(FrameAllocator& a, uint64_t count) { a.in_use_ = count; }
  static void set_capacity(FrameAllocator& a, uint64_t count) { a.capacity_ = count; }
};

namespace {

using testing::dies_with;

struct Memory {
  FrameTable frames{{12}, Contents::kNone};
  FrameAllocator allocator;
  explicit Memory(std::optional<uint64_t> capacity) : allocator(frames, capacity) {}
};

TEST_CASE("FrameAllocator: numbers start at 1 and end at the capacity") {
  Memory m(3);
  CHECK(m.allocator.take() == Pfn{1});
  CHECK(m.allocator.take() == Pfn{2});
  CHECK_FALSE(m.allocator.empty());
  CHECK(m.allocator.take() == Pfn{3});
  CHECK(m.allocator.empty());
  CHECK(m.allocator.take() == std::nullopt);
  CHECK(m.allocator.in_use() == 3);
  m.allocator.validate();
}

TEST_CASE("FrameAllocator: a capacity of 0 is empty from the start") {
  Memory m(0);
  CHECK(m.allocator.empty());
  CHECK(m.allocator.take() == std::nullopt);
  m.allocator.validate();
}

TEST_CASE("FrameAllocator: the lowest free number goes first, whatever the order of the puts") {
  Memory m(std::nullopt);
  for (int i = 0; i < 10'000; ++i) (void)m.allocator.take();
  for (const uint32_t n : {9'000u, 64u, 7'777u, 63u, 1u, 10'000u}) m.allocator.put({n});
  m.allocator.validate();
  for (const uint32_t n : {1u, 63u, 64u, 7'777u, 9'000u, 10'000u, 10'001u})
    CHECK(m.allocator.take() == Pfn{n});
  m.allocator.validate();
}

TEST_CASE("FrameAllocator: the last put frees; the peak stays") {
  Memory m(8);
  const Pfn pfn = *m.allocator.take();
  (void)m.allocator.take();
  m.allocator.get(pfn);
  CHECK(m.frames[pfn].refcount == 2);
  m.allocator.put(pfn);
  CHECK(m.allocator.in_use() == 2);
  m.allocator.put(pfn);
  CHECK(m.allocator.in_use() == 1);
  CHECK(m.frames[pfn].flags == 0);
  CHECK(m.allocator.peak_in_use() == 2);
}

TEST_CASE("FrameAllocator: users of the zero page are not counted") {
  Memory m(8);
  const uint32_t before = m.frames[kZeroPagePfn].refcount;
  m.allocator.get(kZeroPagePfn);
  m.allocator.put(kZeroPagePfn);
  m.allocator.put(kZeroPagePfn);
  CHECK(m.frames[kZeroPagePfn].refcount == before);
  CHECK(m.allocator.in_use() == 0);
}

TEST_CASE("FrameAllocator: the listener hears of each take and free, and sees what the frame was") {
  Memory m(8);
  struct Listener : FrameListener {
    FrameTable* frames = nullptr;
    std::string heard;
    void on_taken(Pfn pfn) override { heard += "+" + std::to_string(pfn.value); }
    void on_freed(Pfn pfn) override {
      heard += "-" + std::to_string(pfn.value);
      if (((*frames)[pfn].flags & kFrameAnon) != 0) heard += "anon";
    }
  } listener;
  listener.frames = &m.frames;
  m.allocator.set_listener(&listener);
  (void)m.allocator.take();
  (void)m.allocator.take();
  m.frames[{1}].flags |= kFrameAnon;
  m.allocator.get({1});
  m.allocator.put({1});
  m.allocator.put({1});
  (void)m.allocator.take();
  m.allocator.set_listener(nullptr);
  m.allocator.put({2});
  CHECK(listener.heard == "+1+2-1anon+1");
}

TEST_CASE("FrameAllocator: agrees with a set of numbers over random takes, gets and puts") {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    base::Prng prng(seed);
    const uint64_t capacity = seed % 2 == 0 ? 5'000 : 70;
    Memory m(capacity);
    std::map<uint32_t, uint32_t> users;  // in use
    std::set<uint32_t> free;
    for (uint32_t n = 1; n <= capacity; ++n) free.insert(n);
    for (int step = 0; step < 40'000; ++step) {
      // Phases of growth and of shrinking, so that the tree fills and empties.
      const bool growing = (step / 10'000) % 2 == 0;
      if (prng.below(10) < (growing ? 6u : 3u)) {
        const std::optional<Pfn> pfn = m.allocator.take();
        REQUIRE(pfn.has_value() == !free.empty());
        if (!pfn) continue;
        REQUIRE(pfn->value == *free.begin());
        free.erase(free.begin());
        users[pfn->value] = 1;
      } else if (!users.empty()) {
        auto it = users.lower_bound(static_cast<uint32_t>(prng.below(capacity)) + 1);
        if (it == users.end()) it = users.begin();
        if (prng.below(4) == 0) {
          m.allocator.get({it->first});
          ++it->second;
        } else {
          m.allocator.put({it->first});
          if (--it->second == 0) {
            free.insert(it->first);
            users.erase(it);
          }
        }
      }
      REQUIRE(m.allocator.in_use() == users.size());
      if (step % 4'000 == 0) {
        m.allocator.validate();
        m.frames.validate();
        for (const auto& [number, count] : users) REQUIRE(m.frames[{number}].refcount == count);
      }
    }
  }
}

TEST_CASE("FrameAllocator: what it requires is checked") {
  Memory m(8);
  (void)m.allocator.take();
  (void)m.allocator.take();
  m.allocator.put({2});
  CHECK(dies_with([&] { m.allocator.put({2}); }, "frame.mapcount < frame.refcount"));
  CHECK(dies_with([&] { m.allocator.get({2}); }, "kFrameInUse"));
  CHECK(dies_with(
      [&] {
        m.frames[{1}].mapcount = 1;
        m.allocator.put({1});
      },
      "frame.mapcount < frame.refcount"));
}

TEST_CASE("FrameAllocator: each broken invariant stops the program") {
  Memory m(100);
  for (int i = 0; i < 80; ++i) (void)m.allocator.take();
  m.allocator.put({70});
  const auto dies = [&](auto break_it, const char* message) {
    return dies_with(
        [&] {
          break_it(m.allocator);
          m.allocator.validate();
        },
        message);
  };
  using Peer = FrameAllocatorTestPeer;
  CHECK(dies([](auto& a) { Peer::clear_summary(a); }, "told_above == (words[i] != 0)"));
  CHECK(dies([](auto& a) { Peer::set_in_use(a, 78); }, "in_use_ + free_count + 1"));
  CHECK(dies([&](auto&) { m.frames.mark_taken({70}); }, "frame 70"));
  CHECK(dies([&](auto&) { m.frames.mark_free({69}); }, "frame 69"));
  CHECK(dies([&](auto&) { m.frames.mark_taken({99}); }, "frame 99"));
  CHECK(dies([](auto& a) { Peer::set_capacity(a, 10); }, "in_use_ <= capacity_"));
}

}  // namespace
}  // namespace faultline::phys
