// PatternMap: which pages of a file hold the pattern of create(), whose bytes are computed, not
// stored, and which part of the pattern each of them holds.
//
// The pattern's byte i is (i*31 + (i>>12)*7 + seed) & 0xff. Pages can be taken out and moved.
// Units: pgoff, pages of the file; bytes. Invariants, checked by validate():
//   1. extents are not empty, and none reaches into the next
// Owns: the list of extents. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "faultline/types.h"

namespace faultline::storage {

class PatternMap {
 public:
  explicit PatternMap(PageSize page_size) : page_size_(page_size) {}

  // The pattern's first `size_bytes` from the start of the file on, and nothing else.
  void fill(uint64_t size_bytes, uint64_t seed);
  // Nothing at or behind byte `size_bytes` of the file. O(extents cut · log extents).
  void cut(uint64_t size_bytes);
  // Nothing in the pages [first, first + count). O(extents cut · log extents).
  void punch(uint64_t first, uint64_t count);
  // Takes these pages out; what is behind them moves down. O(extents).
  void collapse(uint64_t first, uint64_t count);
  // What is at or behind page `first` moves up by `count` pages. O(extents).
  void insert(uint64_t first, uint64_t count);

  // Whether the page holds a byte of the pattern. O(log extents).
  bool has(uint64_t pgoff) const;
  // The first such page at or behind `pgoff`. O(log extents).
  std::optional<uint64_t> first_from(uint64_t pgoff) const;
  // Copies the page out, zeros where it holds nothing of the pattern. REQUIRES: page.size() is a
  // page.
  void read(uint64_t pgoff, std::span<std::byte> page) const;
  // The end in the file of the last byte of the pattern; 0: none. O(1).
  uint64_t end_bytes() const;

  void validate() const;

 private:
  friend struct PatternMapTestPeer;

  struct Extent {
    uint64_t source_bytes = 0;  // the pattern's byte that its first is
    uint64_t length_bytes = 0;
  };
  using Extents = std::map<uint64_t, Extent>;  // by the page of the file where each begins

  // The page of the file behind the last that the extent touches.
  uint64_t end_page(const Extents::value_type& extent) const;
  // The extent that holds the page, or end().
  Extents::const_iterator find(uint64_t pgoff) const;
  // Lets an extent begin at `pgoff` if one reaches across it.
  void split_at(uint64_t pgoff);

  PageSize page_size_;
  uint64_t seed_ = 0;
  Extents extents_;
};

}  // namespace faultline::storage
