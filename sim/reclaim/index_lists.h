// IndexLists: some doubly linked lists over small numbers (of frames, or of pages), each number in
// one of the lists at most. The links lie in one flat array, so that nothing is searched for or
// allocated when a number goes from list to list.
//
// Memory: 12 bytes a number up to the highest ever held.
// Invariants, checked by validate():
//   1. going through a list from its front meets size() numbers of that list, each whose `previous`
//      is the one before it
//   2. no other number says it is in a list
// Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/check.h"

namespace faultline::reclaim {

// The number that stands for none.
inline constexpr uint32_t kNoIndex = ~uint32_t{0};

template <size_t kLists>
class IndexLists {
 public:
  // What list_of() says of a number that is in none.
  static constexpr size_t kNone = kLists;

  size_t list_of(uint32_t index) const {
    return index < nodes_.size() ? nodes_[index].list : kNone;
  }
  uint64_t size(size_t list) const { return ends_[list].size; }
  bool empty(size_t list) const { return ends_[list].size == 0; }
  // kNoIndex when empty.
  uint32_t front(size_t list) const { return ends_[list].front; }
  uint32_t back(size_t list) const { return ends_[list].back; }
  // kNoIndex at the end. REQUIRES: it is in a list.
  uint32_t next(uint32_t index) const { return nodes_[index].next; }
  uint32_t previous(uint32_t index) const { return nodes_[index].previous; }

  // REQUIRES: it is in no list.
  void push_back(size_t list, uint32_t index) { insert(list, index, kNoIndex); }
  void push_front(size_t list, uint32_t index) { insert(list, index, ends_[list].front); }
  // Puts `index` directly before `place`, which is in `list`; kNoIndex: at the end.
  void insert(size_t list, uint32_t index, uint32_t place) {
    while (nodes_.size() <= index) nodes_.push_back({kNoIndex, kNoIndex, kNone});
    FL_CHECK(nodes_[index].list == kNone);
    Ends& ends = ends_[list];
    const uint32_t before = place == kNoIndex ? ends.back : nodes_[place].previous;
    nodes_[index] = {before, place, static_cast<uint32_t>(list)};
    (before == kNoIndex ? ends.front : nodes_[before].next) = index;
    (place == kNoIndex ? ends.back : nodes_[place].previous) = index;
    ++ends.size;
  }
  // REQUIRES: it is in a list.
  void remove(uint32_t index) {
    FL_CHECK(list_of(index) != kNone);
    const Node node = nodes_[index];
    Ends& ends = ends_[node.list];
    (node.previous == kNoIndex ? ends.front : nodes_[node.previous].next) = node.next;
    (node.next == kNoIndex ? ends.back : nodes_[node.next].previous) = node.previous;
    nodes_[index].list = kNone;
    --ends.size;
  }
  // REQUIRES: it is in `list`.
  void move_to_back(size_t list, uint32_t index) {
    Ends& ends = ends_[list];
    if (ends.back == index) return;
    FL_CHECK(list_of(index) == list);
    // As remove() and push_back(), but that it has a next, and that no size changes.
    Node* const nodes = nodes_.data();
    const Node node = nodes[index];
    (node.previous == kNoIndex ? ends.front : nodes[node.previous].next) = node.next;
    nodes[node.next].previous = node.previous;
    nodes[ends.back].next = index;
    nodes[index] = {ends.back, kNoIndex, static_cast<uint32_t>(list)};
    ends.back = index;
  }
  void move_to_front(size_t list, uint32_t index) {
    if (ends_[list].front == index) return;
    remove(index);
    push_front(list, index);
  }

  void validate() const {
    uint64_t listed = 0;
    for (size_t list = 0; list < kLists; ++list) listed += validate_list(list);
    uint64_t held = 0;
    for (const Node& node : nodes_) held += node.list != kNone ? 1 : 0;
    FL_CHECK_MSG(held == listed, "lists: {} numbers say they are in a list, {} are", held,
                 listed);  // 2
  }

 private:
  template <size_t>
  friend struct IndexListsTestPeer;
  struct Node {
    uint32_t previous;
    uint32_t next;
    uint32_t list;
  };
  struct Ends {
    uint32_t front = kNoIndex;
    uint32_t back = kNoIndex;
    uint64_t size = 0;
  };

  uint64_t validate_list(size_t list) const {
    const Ends& ends = ends_[list];
    uint64_t met = 0;
    uint32_t previous = kNoIndex;
    for (uint32_t index = ends.front; index != kNoIndex; index = nodes_[index].next) {
      FL_CHECK_MSG(++met <= ends.size, "list {}: more than {}, or a loop", list, ends.size);  // 1
      FL_CHECK_MSG(nodes_[index].list == list && nodes_[index].previous == previous,
                   "list {}: {} does not fit in", list, index);  // 1
      previous = index;
    }
    FL_CHECK_MSG(ends.back == previous && met == ends.size, "list {}: {} of {} met", list, met,
                 ends.size);  // 1
    return met;
  }

  std::vector<Node> nodes_;
  std::array<Ends, kLists> ends_;
};

}  // namespace faultline::reclaim
