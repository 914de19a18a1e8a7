// PlaceRanks: of places in a row some of which are taken, how many taken ones are before a place,
// and which is the one with so many before it. Memory: 12 bytes for 64 places. Not changed any
// more.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace faultline::replay {

class PlaceRanks {
 public:
  // A bit a place, those set that are taken.
  explicit PlaceRanks(std::vector<uint64_t> words)
      : words_(std::move(words)), below_(words_.size()) {
    for (size_t i = 0; i < words_.size(); ++i) {
      below_[i] = static_cast<uint32_t>(count_);
      count_ += static_cast<uint64_t>(std::popcount(words_[i]));
    }
  }
  uint64_t count() const { return count_; }
  uint32_t below(uint32_t place) const {
    const uint64_t before = words_[place / 64] & ((uint64_t{1} << place % 64) - 1);
    return below_[place / 64] + static_cast<uint32_t>(std::popcount(before));
  }
  // O(log places). REQUIRES: rank < count().
  uint32_t place_of(uint64_t rank) const {
    const auto behind = std::ranges::upper_bound(below_, rank);
    const auto i = static_cast<size_t>(behind - below_.begin()) - 1;
    uint64_t word = words_[i];
    for (uint64_t left = rank - below_[i]; left > 0; --left) word &= word - 1;
    return static_cast<uint32_t>(i * 64 + static_cast<size_t>(std::countr_zero(word)));
  }

 private:
  std::vector<uint64_t> words_;
  std::vector<uint32_t> below_;  // by word
  uint64_t count_ = 0;
};

}  // namespace faultline::replay
