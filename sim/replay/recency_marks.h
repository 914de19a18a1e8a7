// RecencyMarks: a row of positions, some of them marked, and how many are marked behind one of
// them: what is left of the Fenwick tree of stack distances when bits are counted by the word.
//
// Bits in blocks of 512, with a count for each block, for 64 blocks, for 64 of those; a question
// adds up the rest of one of each, without a branch.
//
// Units: positions. Memory: an eighth of a byte a position, and a little. Everything is inline, so
// that a caller compiled for a newer processor counts bits by its instructions. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace faultline::replay {

// Unlike __builtin_popcountll never a call, and so good for vectors of words as well.
[[gnu::always_inline]] inline unsigned count_ones(uint64_t word) {
  word -= word >> 1 & 0x5555555555555555;
  word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return static_cast<unsigned>(word * 0x0101010101010101 >> 56);
}

class RecencyMarks {
 public:
  static constexpr uint64_t kPositionsMin = 1 << 15;

  // All unmarked. REQUIRES: a power of two, kPositionsMin at least.
  void reset(uint64_t positions) {
    // Before there are others.
    if (positions / kWordBits > words_.capacity()) words_ = std::vector<uint64_t>();
    words_.assign(positions / kWordBits, 0);
    blocks_.assign(positions / kBlockBits, 0);
    groups_.assign((positions / kGroupBits + kFan - 1) / kFan * kFan, 0);
    heaps_.assign((positions + kHeapBits - 1) / kHeapBits, 0);
  }
  uint64_t positions() const { return words_.size() * kWordBits; }

  // REQUIRES: unmarked.
  [[gnu::always_inline]] void set(uint64_t at) {
    words_[at / kWordBits] ^= uint64_t{1} << at % kWordBits;
    ++blocks_[at / kBlockBits];
    ++groups_[at / kGroupBits];
    ++heaps_[at / kHeapBits];
  }
  // REQUIRES: marked.
  [[gnu::always_inline]] void clear(uint64_t at) {
    words_[at / kWordBits] ^= uint64_t{1} << at % kWordBits;
    --blocks_[at / kBlockBits];
    --groups_[at / kGroupBits];
    --heaps_[at / kHeapBits];
  }

  // How many positions above `at` are marked.
  [[gnu::always_inline]] uint64_t above(uint64_t at) const {
    uint64_t count = words_above(at) + blocks_above(at / kBlockBits);
    if (groups_.size() > kFan || groups_[1] != 0) count += groups_above(at / kGroupBits);
    for (size_t heap = at / kHeapBits + 1; heap < heaps_.size(); ++heap) count += heaps_[heap];
    return count;
  }

  // For marks that do not change meanwhile: how many positions below one are marked, at the price
  // of counting all of them once. REQUIRES: no change since it was made.
  class Ranks {
   public:
    explicit Ranks(const RecencyMarks& marks) : marks_(marks), below_(marks.words_.size()) {
      uint32_t count = 0;
      for (size_t word = 0; word < below_.size(); ++word) {
        below_[word] = count;
        count += count_ones(marks.words_[word]);
      }
    }
    uint32_t operator[](uint64_t at) const {
      const uint64_t below_in_word = (uint64_t{1} << at % kWordBits) - 1;
      return below_[at / kWordBits] + count_ones(marks_.words_[at / kWordBits] & below_in_word);
    }

   private:
    const RecencyMarks& marks_;
    std::vector<uint32_t> below_;  // by word
  };

 private:
  static constexpr size_t kWordBits = 64;
  static constexpr size_t kWords = 8;  // of a block
  static constexpr size_t kFan = 64;
  static constexpr size_t kBlockBits = kWordBits * kWords;
  static constexpr size_t kGroupBits = kBlockBits * kFan;
  static constexpr size_t kHeapBits = kGroupBits * kFan;
  static_assert(kGroupBits == kPositionsMin);

  // From kAbove<N> + N - 1 - i on, N values of which those behind the i-th are all ones and the
  // others 0.
  template <class T, size_t N>
  static constexpr auto kAbove = [] {
    std::array<T, 2 * N> masks{};
    for (size_t i = N; i < 2 * N; ++i) masks[i] = static_cast<T>(~T{0});
    return masks;
  }();

  [[gnu::always_inline]] uint64_t words_above(uint64_t at) const {
    const size_t word = at / kWordBits;
    const uint64_t* const block = &words_[word / kWords * kWords];
    const uint64_t* const masks = &kAbove<uint64_t, kWords>[kWords - 1 - word % kWords];
    unsigned count = count_ones(words_[word] >> at % kWordBits >> 1);
    for (size_t i = 0; i < kWords; ++i) count += count_ones(block[i] & masks[i]);
    return count;
  }
  // At most 64 blocks of 512: the sum fits.
  [[gnu::always_inline]] uint64_t blocks_above(size_t block) const {
    const uint16_t* const row = &blocks_[block / kFan * kFan];
    const uint16_t* const masks = &kAbove<uint16_t, kFan>[kFan - 1 - block % kFan];
    uint16_t count = 0;
    for (size_t i = 0; i < kFan; ++i) count = static_cast<uint16_t>(count + (row[i] & masks[i]));
    return count;
  }
  [[gnu::always_inline]] uint64_t groups_above(size_t group) const {
    const uint32_t* const row = &groups_[group / kFan * kFan];
    const uint32_t* const masks = &kAbove<uint32_t, kFan>[kFan - 1 - group % kFan];
    uint32_t count = 0;
    for (size_t i = 0; i < kFan; ++i) count += row[i] & masks[i];
    return count;
  }

  std::vector<uint64_t> words_;
  std::vector<uint16_t> blocks_;
  std::vector<uint32_t> groups_;
  std::vector<uint32_t> heaps_;
};

}  // namespace faultline::replay
