// PageRows: rows of pages, each in the order of use: the sets of a level of a TLB. Up to 16 ways
// lie in one cache line, and a use of them takes no branch, since neither whether a page is in its
// row nor where can be foretold.
//
// Units: pages by number. Invariant: a row holds a page once, and its empty places come last.
// Not thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/four_lanes.h"

namespace faultline::replay {

class PageRows {
 public:
  static constexpr uint32_t kNobody = ~uint32_t{0};
  using Four = base::Four;

  // REQUIRES: ways > 0.
  PageRows(size_t rows, size_t ways)
      : ways_(ways), lines_of_row_(lines_for(ways)), lines_(rows * lines_of_row_) {}

  std::span<const uint32_t> row(size_t row) const {
    return {lines_[row * lines_of_row_].pages, ways_};
  }
  // REQUIRES: `pages` are as many as the ways at most, and no two are the same.
  void set_row(size_t row, std::span<const uint32_t> pages) {
    uint32_t* const first = lines_[row * lines_of_row_].pages;
    std::fill(std::ranges::copy(pages, first).out, first + ways_, kNobody);
  }

  // Here and below kWays are the ways, where the compiler may know them, or 0.

  // Puts `page` first, and what came before it one place further: all of the row, of which the last
  // goes then, if it was not there. Whether it was.
  template <size_t kWays = 0>
  [[gnu::always_inline]] bool use(size_t row, uint32_t page) {
    const size_t ways = ways_or<kWays>();
    Line* line = first_line<kWays>(row);
    if (ways <= 4) return line->move_down<1>(page, page, ways);
    if (ways <= 8) return line->move_down<2>(page, page, ways);
    if (ways <= 12) return line->move_down<3>(page, page, ways);
    uint32_t carried = page;
    for (size_t left = ways; left > kLanes; left -= kLanes, ++line) {
      const uint32_t last = line->pages[kLanes - 1];
      if (line->move_down<4>(page, carried, kLanes)) return true;
      carried = last;
    }
    return line->move_down<4>(page, carried, (ways - 1) % kLanes + 1);
  }

  // As use() of a page that is not there, for which nothing is searched.
  template <size_t kWays = 0>
  [[gnu::always_inline]] void add(size_t row, uint32_t page) {
    const size_t ways = ways_or<kWays>();
    Line* line = first_line<kWays>(row);
    if (ways <= 4) return line->add<1>(page, ways);
    if (ways <= 8) return line->add<2>(page, ways);
    if (ways <= 12) return line->add<3>(page, ways);
    uint32_t carried = page;
    for (size_t left = ways; left > kLanes; left -= kLanes, ++line) {
      const uint32_t last = line->pages[kLanes - 1];
      line->add<4>(carried, kLanes);
      carried = last;
    }
    line->add<4>(carried, (ways - 1) % kLanes + 1);
  }

  // Lanes that are not 0 where the row holds the page: of many rows they can be looked at together.
  template <size_t kWays = 0>
  [[gnu::always_inline]] Four find(size_t row, uint32_t page) const {
    const size_t ways = ways_or<kWays>();
    const Line* line = first_line<kWays>(row);
    if (ways <= 4) return line->match<1>(page);
    if (ways <= 8) return line->match<2>(page);
    if (ways <= 12) return line->match<3>(page);
    Four found = line->match<4>(page);
    for (size_t i = 1; i < lines_of_row_; ++i) found |= line[i].match<4>(page);
    return found;
  }

  // Takes the page out, if it is there.
  void remove(size_t row, uint32_t page) {
    uint32_t* const pages = lines_[row * lines_of_row_].pages;
    uint32_t* const found = std::find(pages, pages + ways_, page);
    if (found == pages + ways_) return;
    std::copy(found + 1, pages + ways_, found);
    pages[ways_ - 1] = kNobody;
  }

 private:
  static constexpr size_t kLanes = 16;
  static constexpr size_t lines_for(size_t ways) { return (ways + kLanes - 1) / kLanes; }

  struct alignas(64) Line {
    using Places __attribute__((vector_size(16))) = int32_t;

    Line() { std::ranges::fill(pages, kNobody); }

    Four four(size_t first) const { return base::load_four(pages + first); }
    // A bit for each place among the first kFours * 4.
    template <size_t kFours>
    unsigned find(uint32_t page) const {
      const Four wanted = base::four_of(page);
      const auto found = [&](size_t first) { return Four(four(first) == wanted); };
      if constexpr (kFours == 1) return base::bits_of(found(0));
      if constexpr (kFours == 2) return base::bits_of(found(0), found(4));
      if constexpr (kFours == 3) return base::bits_of(found(0), found(4), found(8));
      return base::bits_of(found(0), found(4), found(8), found(12));
    }
    // Ones in the lanes of the first kFours * 4 places that hold the page, one upon the other.
    template <size_t kFours>
    [[gnu::always_inline]] Four match(uint32_t page) const {
      const Four wanted = base::four_of(page);
      Four found = Four(four(0) == wanted);
      for (size_t i = 1; i < kFours; ++i) found |= Four(four(4 * i) == wanted);
      return found;
    }
    // Puts `carried` first, and all others one place further. REQUIRES: as below.
    template <size_t kFours>
    [[gnu::always_inline]] void add(uint32_t carried, size_t lanes) {
      for (size_t i = 4 * (kFours - 1); i > 0; i -= 4) put(i, four(i - 1));
      put(0, behind(carried));
      for (size_t i = lanes; i < 4 * kFours; ++i) pages[i] = kNobody;
    }
    // Puts `carried` first, and what comes before `page` one place further, or, where it is not
    // found, the first `lanes`; whether it is. REQUIRES: lanes <= kFours * 4.
    template <size_t kFours>
    [[gnu::always_inline]] bool move_down(uint32_t page, uint32_t carried, size_t lanes) {
      const unsigned found = find<kFours>(page);
      const int last = std::countr_zero(found | 1u << (lanes - 1));
      const Places lasts = {last, last, last, last};
      const auto move = [&](size_t first, Places places, Four moved) {
        put(first, places > lasts ? four(first) : moved);
      };
      // The last ones first: what is written is not read again.
      if constexpr (kFours > 3) move(12, Places{12, 13, 14, 15}, four(11));
      if constexpr (kFours > 2) move(8, Places{8, 9, 10, 11}, four(7));
      if constexpr (kFours > 1) move(4, Places{4, 5, 6, 7}, four(3));
      move(0, Places{0, 1, 2, 3}, behind(carried));
      return found != 0;
    }
    void put(size_t first, Four places) { std::memcpy(pages + first, &places, sizeof places); }
    // The first places, the last one gone, and `carried` before them.
    Four behind(uint32_t carried) const {
      Four moved = __builtin_shufflevector(four(0), four(0), 0, 0, 1, 2);
      moved[0] = carried;
      return moved;
    }

    uint32_t pages[kLanes];
  };

  template <size_t kWays>
  size_t ways_or() const {
    return kWays != 0 ? kWays : ways_;
  }
  template <size_t kWays>
  const Line* first_line(size_t row) const {
    return lines_.data() + row * (kWays != 0 ? lines_for(kWays) : lines_of_row_);
  }
  template <size_t kWays>
  Line* first_line(size_t row) {
    return const_cast<Line*>(std::as_const(*this).first_line<kWays>(row));
  }

  size_t ways_;
  size_t lines_of_row_;
  std::vector<Line> lines_;
};

}  // namespace faultline::replay
