#include "sim/phys/frame_allocator.h"

#include <algorithm>
#include <bit>

namespace faultline::phys {
namespace {

// Every number of a Pfn but the zero page's and kNoPfn.
constexpr uint64_t kCapacityMax = uint64_t{kNoPfn.value} - 1;
constexpr uint32_t kWordShift = 6;  // 64 bits a word
constexpr uint32_t kBitMask = 63;

}  // namespace

FrameAllocator::FrameAllocator(FrameTable& frames, std::optional<uint64_t> capacity)
    : frames_(frames), capacity_(std::min(capacity.value_or(kCapacityMax), kCapacityMax)) {
  FL_CHECK(frames.size() == 1);
}

std::optional<Pfn> FrameAllocator::take() {
  if (empty()) return std::nullopt;
  // Freed frames have lower numbers than those never used.
  const bool any_freed = next_never_used_ - 1 > in_use_;
  const Pfn pfn{any_freed ? take_lowest_free_bit() : next_never_used_++};
  frames_.mark_taken(pfn);
  peak_in_use_ = std::max(peak_in_use_, ++in_use_);
  if (listener_ != nullptr) listener_->on_taken(pfn);
  return pfn;
}

void FrameAllocator::free(Pfn pfn) {
  FL_CHECK((frames_[pfn].flags & kFrameInUse) != 0);
  if (listener_ != nullptr) listener_->on_freed(pfn);
  frames_.mark_free(pfn);
  set_free_bit(pfn.value);
  --in_use_;
}

// Level 0 gets at least `word_count` words, and each level above enough for a bit a word below; the
// top one has one word.
void FrameAllocator::grow_tree(uint64_t word_count) {
  for (std::size_t level = 0;; ++level) {
    if (level == free_bits_.size()) {
      free_bits_.emplace_back();
      // A new top: what was the top had one word, and the new one's first bit tells of it.
      const bool any = level > 0 && free_bits_[level - 1][0] != 0;
      free_bits_[level].push_back(any ? 1 : 0);
    }
    std::vector<uint64_t>& words = free_bits_[level];
    if (words.size() < word_count) words.resize(word_count);
    if (words.size() == 1) return;
    word_count = (words.size() + kBitMask) >> kWordShift;
  }
}

void FrameAllocator::set_free_bit(uint32_t number) {
  grow_tree((uint64_t{number} >> kWordShift) + 1);
  for (std::vector<uint64_t>& words : free_bits_) {
    uint64_t& word = words[number >> kWordShift];
    const bool told_above = word != 0;
    word |= uint64_t{1} << (number & kBitMask);
    if (told_above) return;
    number >>= kWordShift;
  }
}

uint32_t FrameAllocator::take_lowest_free_bit() {
  uint32_t number = 0;
  for (std::size_t level = free_bits_.size(); level-- > 0;) {
    const uint64_t word = free_bits_[level][number];
    FL_CHECK(word != 0);
    number = number << kWordShift | static_cast<uint32_t>(std::countr_zero(word));
  }
  uint32_t bit = number;
  for (std::vector<uint64_t>& words : free_bits_) {
    uint64_t& word = words[bit >> kWordShift];
    word &= ~(uint64_t{1} << (bit & kBitMask));
    if (word != 0) break;
    bit >>= kWordShift;
  }
  return number;
}

void FrameAllocator::validate() const {
  uint64_t free_count = 0;
  for (std::size_t level = 0; level < free_bits_.size(); ++level) {
    const std::vector<uint64_t>& words = free_bits_[level];
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (level == 0) free_count += static_cast<uint64_t>(std::popcount(words[i]));
      if (level + 1 == free_bits_.size()) continue;
      const uint64_t above = free_bits_[level + 1][i >> kWordShift];
      const bool told_above = (above >> (i & kBitMask) & 1) != 0;
      FL_CHECK_MSG(told_above == (words[i] != 0), "level {} word {}", level, i);  // 1
    }
  }
  FL_CHECK(in_use_ + free_count + 1 == next_never_used_);  // 1
  for (uint32_t i = 1; i < frames_.size(); ++i) {
    const std::size_t word = i >> kWordShift;
    const bool freed = !free_bits_.empty() && word < free_bits_[0].size() &&
                       (free_bits_[0][word] >> (i & kBitMask) & 1) != 0;
    const bool free = freed || i >= next_never_used_;
    FL_CHECK_MSG(free == ((frames_[{i}].flags & kFrameInUse) == 0), "frame {}", i);  // 2
  }
  FL_CHECK(in_use_ <= capacity_);  // 3
}

}  // namespace faultline::phys
