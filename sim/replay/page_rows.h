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
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace faultline::replay {

class PageRows {
 public:
  static constexpr uint32_t kNobody = ~uint32_t{0};

  // REQUIRES: ways > 0.
  PageRows(size_t rows, size_t ways)
      : ways_(ways), lines_of_row_((ways + kLanes - 1) / kLanes), lines_(rows * lines_of_row_) {}

  std::span<const uint32_t> row(size_t row) const {
    return {lines_[row * lines_of_row_].pages, ways_};
  }
  // REQUIRES: `pages` are as many as the ways at most, and no two are the same.
  void set_row(size_t row, std::span<const uint32_t> pages) {
    uint32_t* const first = lines_[row * lines_of_row_].pages;
    std::fill(std::ranges::copy(pages, first).out, first + ways_, kNobody);
  }

  // Puts `page` first, and what came before it one place further: all of the row, of which the last
  // goes then, if it was not there. Whether it was.
  [[gnu::always_inline]] bool use(size_t row, uint32_t page) {
    Line* line = &lines_[row * lines_of_row_];
    if (ways_ <= 4) return line->move_down<1>(page, page, ways_);
    if (ways_ <= 8) return line->move_down<2>(page, page, ways_);
    if (ways_ <= 12) return line->move_down<3>(page, page, ways_);
    uint32_t carried = page;
    for (size_t left = ways_; left > kLanes; left -= kLanes, ++line) {
      const uint32_t last = line->pages[kLanes - 1];
      if (line->move_down<4>(page, carried, kLanes)) return true;
      carried = last;
    }
    return line->move_down<4>(page, carried, (ways_ - 1) % kLanes + 1);
  }

  // Takes the page out, if it is there.
  [[gnu::always_inline]] void remove(size_t row, uint32_t page) {
    Line* const first = &lines_[row * lines_of_row_];
    if (ways_ <= 4) return first->remove<1>(page);
    if (ways_ <= 8) return first->remove<2>(page);
    if (ways_ <= 12) return first->remove<3>(page);
    if (ways_ <= kLanes) return first->remove<4>(page);
    const std::span lines(first, lines_of_row_);
    const auto has = [page](const Line& line) { return line.find<4>(page) != 0; };
    if (std::ranges::any_of(lines, has)) remove_from(first->pages, ways_, page);
  }

 private:
  static constexpr size_t kLanes = 16;

  // REQUIRES: it is there.
  static void remove_from(uint32_t* pages, size_t count, uint32_t page) {
    uint32_t* const found = std::find(pages, pages + count, page);
    std::copy(found + 1, pages + count, found);
    pages[count - 1] = kNobody;
  }

  struct alignas(64) Line {
    using Four __attribute__((vector_size(16))) = uint32_t;
    using Places __attribute__((vector_size(16))) = int32_t;

    Line() { std::ranges::fill(pages, kNobody); }

    Four four(size_t first) const {
      Four loaded;
      std::memcpy(&loaded, pages + first, sizeof loaded);
      return loaded;
    }
    // A bit for each place among the first kFours * 4.
    template <size_t kFours>
    unsigned find(uint32_t page) const {
      const Four wanted = {page, page, page, page};
      const auto found = [&](size_t first) { return Four(four(first) == wanted); };
      if constexpr (kFours == 1) return bits_of(found(0), Four{}, Four{}, Four{});
      if constexpr (kFours == 2) return bits_of(found(0), found(4), Four{}, Four{});
      if constexpr (kFours == 3) return bits_of(found(0), found(4), found(8), Four{});
      return bits_of(found(0), found(4), found(8), found(12));
    }
    // Of lanes that are all ones or 0.
    static unsigned bits_of(Four a, Four b, Four c, Four d) {
#if defined(__SSE2__)
      const auto narrow = [](Four low, Four high) {
        return _mm_packs_epi32(reinterpret_cast<__m128i>(low), reinterpret_cast<__m128i>(high));
      };
      return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(narrow(a, b), narrow(c, d))));
#else
      const Four places = {1, 2, 4, 8};
      const Four found = (a & places) | (b & places << 4) | (c & places << 8) | (d & places << 12);
      return found[0] | found[1] | found[2] | found[3];
#endif
    }
    template <size_t kFours>
    [[gnu::always_inline]] void remove(uint32_t page) {
      if (find<kFours>(page) != 0) [[unlikely]]
        remove_from(pages, kFours * 4, page);
    }
    // Puts `carried` first, and what comes before `page` one place further, or, where it is not
    // found, the first `lanes`; whether it is. REQUIRES: lanes <= kFours * 4.
    template <size_t kFours>
    [[gnu::always_inline]] bool move_down(uint32_t page, uint32_t carried, size_t lanes) {
      const unsigned found = find<kFours>(page);
      const int last = std::countr_zero(found | 1u << (lanes - 1));
      const Places lasts = {last, last, last, last};
      const auto put = [&](size_t first, Places places, Four moved) {
        const Four result = places > lasts ? four(first) : moved;
        std::memcpy(pages + first, &result, sizeof result);
      };
      // The last ones first: what is written is not read again.
      if constexpr (kFours > 3) put(12, Places{12, 13, 14, 15}, four(11));
      if constexpr (kFours > 2) put(8, Places{8, 9, 10, 11}, four(7));
      if constexpr (kFours > 1) put(4, Places{4, 5, 6, 7}, four(3));
      Four moved = __builtin_shufflevector(four(0), four(0), 0, 0, 1, 2);
      moved[0] = carried;
      put(0, Places{0, 1, 2, 3}, moved);
      return found != 0;
    }

    uint32_t pages[kLanes];
  };

  size_t ways_;
  size_t lines_of_row_;
  std::vector<Line> lines_;
};

}  // namespace faultline::replay
