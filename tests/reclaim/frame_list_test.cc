#include "sim/reclaim/frame_list.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::reclaim {

struct FrameListTestPeer {
  static void turn_back(FrameList& list, Pfn frame, Pfn previous) {
    list.links_[frame.value].previous = previous;
  }
  static void lead_to(FrameList& list, Pfn frame, Pfn next) {
    list.links_[frame.value].next = next;
  }
  static void mark_held(FrameList& list, Pfn frame) { list.links_[frame.value].previous = kNoPfn; }
};

namespace {

using testing::dies_with;

std::string picture(const FrameList& list) {
  std::string picture;
  for (Pfn frame = list.first(); frame != kNoPfn; frame = list.next(frame))
    picture += std::to_string(frame.value) + " ";
  return picture;
}

FrameList list_of(std::initializer_list<uint32_t> frames) {
  FrameList list;
  for (const uint32_t frame : frames) list.push_back(Pfn{frame});
  return list;
}

TEST_CASE("FrameList: frames leave from the front, the middle and the back") {
  FrameList list = list_of({3, 1, 4, 9, 5});
  CHECK(picture(list) == "3 1 4 9 5 ");
  list.remove(Pfn{4});
  CHECK(picture(list) == "3 1 9 5 ");
  list.remove(Pfn{3});
  CHECK(picture(list) == "1 9 5 ");
  list.remove(Pfn{5});
  CHECK(picture(list) == "1 9 ");
  list.push_back(Pfn{4});
  CHECK(picture(list) == "1 9 4 ");
  for (const uint32_t frame : {9u, 1u, 4u}) list.remove(Pfn{frame});
  CHECK(list.first() == kNoPfn);
  CHECK(list.size() == 0);
  list.validate();
}

TEST_CASE("FrameList: does what a deque does") {
  base::Prng prng(11);
  FrameList list;
  std::deque<uint32_t> model;
  for (int step = 0; step < 20'000; ++step) {
    const uint32_t frame = uint32_t(prng.below(40));
    const auto found = std::find(model.begin(), model.end(), frame);
    REQUIRE(list.holds(Pfn{frame}) == (found != model.end()));
    if (found != model.end()) {
      list.remove(Pfn{frame});
      model.erase(found);
    } else {
      list.push_back(Pfn{frame});
      model.push_back(frame);
    }
    list.validate();
    std::string expected;
    for (const uint32_t held : model) expected += std::to_string(held) + " ";
    REQUIRE(picture(list) == expected);
    REQUIRE(list.size() == model.size());
  }
}

TEST_CASE("FrameList: a frame is held once, and only a held one can go") {
  CHECK(dies_with([] { list_of({1, 2, 1}); }, "!holds(frame)"));
  CHECK(dies_with([] { list_of({1, 2}).remove(Pfn{7}); }, "holds(frame)"));
  CHECK(dies_with([] { list_of({1, 3}).remove(Pfn{2}); }, "holds(frame)"));
  CHECK(dies_with([] { list_of({1}).next(Pfn{2}); }, "holds(frame)"));
  CHECK(dies_with([] { list_of({kNoPfn.value}); }, "frame != kNoPfn"));
}

TEST_CASE("FrameList: validate sees each invariant broken") {
  CHECK(dies_with(  // 1: backwards
      [] {
        FrameList list = list_of({1, 2, 3});
        FrameListTestPeer::turn_back(list, Pfn{3}, Pfn{1});
        list.validate();
      },
      "the frame before 3 is not its previous"));
  CHECK(dies_with(  // 1: forwards, a loop
      [] {
        FrameList list = list_of({1, 2, 3});
        FrameListTestPeer::lead_to(list, Pfn{3}, Pfn{1});
        list.validate();
      },
      "more than 3 frames, or a loop"));
  CHECK(dies_with(  // 1: forwards, a frame left out
      [] {
        FrameList list = list_of({1, 2, 3});
        FrameListTestPeer::lead_to(list, Pfn{2}, kNoPfn);
        list.validate();
      },
      "the last frame met is not the last"));
  CHECK(dies_with(  // 2
      [] {
        FrameList list = list_of({1, 2, 4});
        FrameListTestPeer::mark_held(list, Pfn{3});
        list.validate();
      },
      "4 frames marked as held, 3 listed"));
}

}  // namespace
}  // namespace faultline::reclaim
