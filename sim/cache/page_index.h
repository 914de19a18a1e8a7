// PageIndex: the frames of one file's pages in the page cache, by page of the file, with a mark on
// those that are dirty. Linux's xarray i_pages with PAGECACHE_TAG_DIRTY.
//
// A map of nodes of 64 pages each; a node holds at least one page.
// Units: pgoff, pages of a file.
// Invariants, checked by validate():
//   1. a node has at least one page, and its marks stand on pages it has
//   2. the counts of pages and of dirty pages equal a recount
// Owns: nothing but the nodes; the frames are the PageCache's. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "faultline/types.h"

namespace faultline::cache {

class PageIndex {
 public:
  struct Entry {
    uint64_t pgoff = 0;
    Pfn pfn = kNoPfn;
  };

  // kNoPfn where the page is not there. O(log nodes); O(1) near the last page asked for.
  Pfn find(uint64_t pgoff) const;
  // REQUIRES: not there. O(log nodes).
  void insert(uint64_t pgoff, Pfn pfn);
  // Takes the page and its mark out. REQUIRES: there. O(log nodes).
  void erase(uint64_t pgoff);

  bool dirty(uint64_t pgoff) const;
  // Sets or clears the mark of a page; whether that changed it. REQUIRES: there. O(log nodes).
  bool set_dirty(uint64_t pgoff);
  bool clear_dirty(uint64_t pgoff);

  // The first page, or the first dirty one, at or behind `pgoff`. O(log nodes).
  std::optional<Entry> first_from(uint64_t pgoff) const;
  std::optional<Entry> first_dirty_from(uint64_t pgoff) const;

  uint64_t count() const { return count_; }
  uint64_t dirty_count() const { return dirty_count_; }

  void validate() const;

 private:
  friend struct PageIndexTestPeer;

  static constexpr uint64_t kSlotBits = 6;
  static constexpr uint64_t kSlots = uint64_t{1} << kSlotBits;
  struct Node {
    std::array<Pfn, kSlots> frames{};
    uint64_t present = 0;  // bit i: frames[i] holds page i of the node
    uint64_t dirty = 0;
  };

  static uint64_t bit_of(uint64_t pgoff) { return uint64_t{1} << (pgoff % kSlots); }
  // Null where there is no node.
  Node* find_node(uint64_t pgoff) const;
  // REQUIRES: the page is there.
  Node& get_node(uint64_t pgoff) const;
  std::optional<Entry> first_marked(uint64_t pgoff, uint64_t Node::*marks) const;

  mutable std::map<uint64_t, Node> nodes_;  // by pgoff / kSlots
  // The node found last; faults go to neighbours. Null: none.
  mutable Node* last_ = nullptr;
  mutable uint64_t last_key_ = 0;
  uint64_t count_ = 0;
  uint64_t dirty_count_ = 0;
};

}  // namespace faultline::cache
