// PlaceSet: a set of places in a row, in which the nearest one before or behind a place is found at
// once.
//
// A bit a place, in words; of those words a bit each, set where one is not empty, in words again;
// and so on up to one word. Most nearest places are in the same word. Memory: a bit and a
// sixty-third a place of the room. A value. Not thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace faultline::replay {

class PlaceSet {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  // Empty, for places below `room`. REQUIRES: room > 0.
  explicit PlaceSet(uint64_t room) {
    for (uint64_t bits = room; bits > 0; bits = bits == 1 ? 0 : words_for(bits))
      levels_.emplace_back(words_for(bits));
  }

  void insert(uint32_t place) {
    uint64_t& word = levels_[0][place / 64];
    if (word == 0) [[unlikely]]
      note_word(place / 64);
    word |= bit(place);
  }
  // REQUIRES: it is in the set.
  void erase(uint32_t place) {
    uint64_t& word = levels_[0][place / 64];
    word &= ~bit(place);
    if (word == 0) [[unlikely]]
      forget_word(place / 64);
  }
  // The last place up to this one, or kNone.
  uint32_t last_up_to(uint32_t place) const {
    const uint64_t word = levels_[0][place / 64] & (~uint64_t{0} >> (63 - place % 64));
    if (word != 0) [[likely]]
      return place / 64 * 64 + last_bit(word);
    return last_below_word(place / 64);
  }
  // The first place from this one on, or kNone.
  uint32_t first_from(uint32_t place) const {
    const uint64_t word = levels_[0][place / 64] & ~uint64_t{0} << place % 64;
    if (word != 0) [[likely]]
      return place / 64 * 64 + first_bit(word);
    return first_above_word(place / 64);
  }
  // A bit a place.
  const std::vector<uint64_t>& words() const { return levels_[0]; }

 private:
  static constexpr uint64_t words_for(uint64_t bits) { return (bits + 63) / 64; }
  static constexpr uint64_t bit(uint32_t place) { return uint64_t{1} << place % 64; }
  static uint32_t first_bit(uint64_t word) { return static_cast<uint32_t>(std::countr_zero(word)); }
  static uint32_t last_bit(uint64_t word) {
    return 63 - static_cast<uint32_t>(std::countl_zero(word));
  }

  // The word of level 0 is empty no more, or now.
  [[gnu::noinline]] void note_word(uint32_t index) {
    for (size_t level = 1; level < levels_.size(); ++level, index /= 64) {
      uint64_t& word = levels_[level][index / 64];
      const bool was_empty = word == 0;
      word |= bit(index);
      if (!was_empty) return;
    }
  }
  [[gnu::noinline]] void forget_word(uint32_t index) {
    for (size_t level = 1; level < levels_.size(); ++level, index /= 64) {
      uint64_t& word = levels_[level][index / 64];
      word &= ~bit(index);
      if (word != 0) return;
    }
  }
  // The nearest place in another word than that of level 0.
  [[gnu::noinline]] uint32_t last_below_word(uint32_t index) const {
    for (size_t level = 1; level < levels_.size(); ++level, index /= 64) {
      const uint64_t word = levels_[level][index / 64] & (bit(index) - 1);
      if (word == 0) continue;
      index = index / 64 * 64 + last_bit(word);
      while (level-- > 0) index = index * 64 + last_bit(levels_[level][index]);
      return index;
    }
    return kNone;
  }
  [[gnu::noinline]] uint32_t first_above_word(uint32_t index) const {
    for (size_t level = 1; level < levels_.size(); ++level, index /= 64) {
      const uint64_t word = levels_[level][index / 64] & ~(bit(index) | (bit(index) - 1));
      if (word == 0) continue;
      index = index / 64 * 64 + first_bit(word);
      while (level-- > 0) index = index * 64 + first_bit(levels_[level][index]);
      return index;
    }
    return kNone;
  }

  std::vector<std::vector<uint64_t>> levels_;  // a bit of the next for each word
};

}  // namespace faultline::replay
