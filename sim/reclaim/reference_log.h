// ReferenceLog: the references that a policy has not been told of yet, those to one frame that
// follow each other as one. Held by whoever watches references for a policy of kEveryReference.
//
// Memory: kMax references. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "faultline/policy.h"

namespace faultline::reclaim {

class ReferenceLog {
 public:
  static constexpr uint32_t kHitsMax = 0x7fffffff;  // of one Reference

  bool full() const { return size_ == kMax; }
  // Whether `reference` was joined with the last, so that no room was needed.
  bool join(const Reference& reference) {
    if (size_ == 0 || reference.brought_in != 0) return false;
    Reference& last = references_[size_ - 1];
    // First, and by itself: the hits were written in parts a moment ago, and to read the whole of
    // them now takes a dozen cycles.
    if (last.frame != reference.frame) return false;
    const uint64_t hits = uint64_t{last.hits} + reference.hits;
    if (hits > kHitsMax) return false;
    last.hits = hits & kHitsMax;
    return true;
  }
  // REQUIRES: not full().
  void add(const Reference& reference) { references_[size_++] = reference; }
  // All of them, in order; the log is empty then. They may be changed until the next add().
  std::span<Reference> take() { return std::span(references_).first(std::exchange(size_, 0)); }

 private:
  static constexpr size_t kMax = 512;

  std::array<Reference, kMax> references_;
  size_t size_ = 0;
};

}  // namespace faultline::reclaim
