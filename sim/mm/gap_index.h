// GapIndex: the free ranges between the VMAs, in order of address, searchable by size. The part of
// Linux's maple tree that mas_empty_area() and mas_empty_area_rev() use.
//
// A B+-tree, as the maple tree is: the gaps lie in leaves, and each entry above them notes the
// first start and the largest size below it. A search passes over what is too small; it goes down
// in vain only where the window cuts the gap that is large enough, at one of its two ends.
//
// Invariants, checked by validate():
//   1. gaps are not empty, ascending and disjoint
//   2. no node is empty but the root, and two neighbours below one node have more than half a
//   node's
//      entries between them, so that the height stays logarithmic whatever is removed
//   3. each entry above the leaves notes the first start and the largest size below it
// Memory: 784 bytes a node of up to 32 gaps, of which each is half full when it is made. Not
// thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "faultline/types.h"

namespace faultline::mm {

class GapIndex {
 public:
  // REQUIRES: gap not empty, disjoint from all others. O(log n), as are all below but size().
  void add(AddrRange gap);
  // REQUIRES: there is a gap that starts there.
  void remove(VirtAddr start);
  // The same as to remove the one and to add the other. REQUIRES: no gap lies between the two.
  void change(VirtAddr start, AddrRange gap);

  // The highest gap that has `size_bytes` within `window`, cut to the window; the lowest one.
  std::optional<AddrRange> find_highest(uint64_t size_bytes, AddrRange window) const;
  std::optional<AddrRange> find_lowest(uint64_t size_bytes, AddrRange window) const;

  std::size_t size() const;
  void validate() const;

 private:
  friend struct GapIndexTestPeer;
  static constexpr std::size_t kFanOut = 32;
  struct Node {
    explicit Node(bool is_leaf) : leaf(is_leaf) {}
    bool full() const { return count == kFanOut; }
    AddrRange gap(std::size_t i) const { return {starts[i], starts[i] + largest_bytes[i]}; }
    uint64_t largest() const;
    std::size_t first_at_or_above(VirtAddr start) const;
    std::size_t entry_of(VirtAddr start) const;
    void insert(std::size_t i, AddrRange noted, std::unique_ptr<Node> child);
    void erase(std::size_t i);
    void move_entries(std::size_t first, Node& to);
    void note(std::size_t i);
    void note_loss(std::size_t i, uint64_t size_bytes);
    void split_child(std::size_t i);
    bool join_children(std::size_t i);
    uint64_t remove(VirtAddr start);
    uint64_t change(VirtAddr start, AddrRange gap);
    std::optional<AddrRange> highest(uint64_t size_bytes, AddrRange window) const;
    std::optional<AddrRange> lowest(uint64_t size_bytes, AddrRange window) const;
    std::size_t gap_count() const;
    VirtAddr validate(VirtAddr end) const;

    bool leaf;
    std::size_t count = 0;
    std::array<VirtAddr, kFanOut> starts{};                 // of the gap; the first one below
    std::array<uint64_t, kFanOut> largest_bytes{};          // of the gap; the largest below
    std::array<std::unique_ptr<Node>, kFanOut> children{};  // of a leaf: null
  };

  std::unique_ptr<Node> root_ = std::make_unique<Node>(true);
};

}  // namespace faultline::mm
