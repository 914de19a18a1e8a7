#include "sim/replay/page_sample.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "sim/base/check.h"

namespace faultline::replay {
namespace {

// Distances are counted in intervals, 512 from one power of two to the next; below that, singly.
constexpr unsigned kFractionBits = 9;
constexpr uint64_t kFractions = uint64_t{1} << kFractionBits;

size_t interval_of(uint64_t distance) {
  const auto bits = static_cast<unsigned>(std::bit_width(distance));
  const unsigned shift = bits > kFractionBits + 1 ? bits - kFractionBits - 1 : 0;
  return shift * kFractions + (distance >> shift);
}

// The middle of an interval.
uint64_t distance_of(size_t interval) {
  const uint64_t shift = interval < 2 * kFractions ? 0 : interval / kFractions - 1;
  const uint64_t first = (interval - shift * kFractions) << shift;
  return first + ((uint64_t{1} << shift) >> 1);
}

// One to one.
// Source: SplitMix64's output function; see sim/base/prng.h.
uint64_t mix(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

uint64_t last_hash_at(double rate) {
  FL_CHECK(rate > 0 && rate <= 1);
  if (rate == 1) return ~uint64_t{0};
  return static_cast<uint64_t>(std::max(1.0, std::ldexp(rate, 64))) - 1;
}

uint64_t rounded(double value, uint64_t most) {
  return value >= double(most) ? most : static_cast<uint64_t>(value + 0.5);
}

}  // namespace

uint64_t page_hash(uint64_t seed, uint32_t pid, uint64_t page) {
  return mix(page ^ mix(seed + (uint64_t{pid} << 32) + 0x9e3779b97f4a7c15));
}

PageSample::PageSample(const Options& options)
    : options_(options), last_hash_(last_hash_at(options.rate)) {
  FL_CHECK(options.pages_max > 0);
}

double PageSample::rate() const {
  return std::ldexp(double(last_hash_) + 1, -64) / double(options_.parts);
}

uint32_t PageSample::new_number() {
  if (free_numbers_.empty()) {
    stack_.grow_to(stack_.pages() + 1);
    return static_cast<uint32_t>(stack_.pages() - 1);
  }
  const uint32_t number = free_numbers_.back();
  free_numbers_.pop_back();
  return number;
}

void PageSample::drop_highest() {
  const uint64_t hash = highest_.top();
  highest_.pop();
  const auto page = numbers_.find(hash);
  stack_.remove(page->second);
  free_numbers_.push_back(page->second);
  numbers_.erase(page);
  last_hash_ = hash - 1;
}

void PageSample::reference(uint64_t hash) {
  auto found = numbers_.find(hash);
  if (found == numbers_.end()) {
    if (numbers_.size() >= options_.room && options_.pages_max > options_.room) {
      full_ = true;
      return;
    }
    found = numbers_.emplace(hash, new_number()).first;
    if (options_.pages_max != kNoMax) {
      highest_.push(hash);
      if (numbers_.size() > options_.pages_max) drop_highest();
      if (!has(hash)) return;
    }
  }
  ++references_;
  const double stands_for = 1 / rate();
  const uint64_t distance = stack_.add_one(found->second);
  if (distance == 0) {
    cold_ += stands_for;
    return;
  }
  // The page itself is in the sample for certain; the others are a share of all.
  const auto scaled = static_cast<uint64_t>(double(distance - 1) * stands_for + 0.5) + 1;
  const size_t interval = interval_of(scaled);
  if (interval >= counts_.size()) counts_.resize(interval + 1, 0);
  counts_[interval] += stands_for;
}

MissCurve PageSample::curve(uint64_t references) const {
  double misses = 0;  // of the largest distances first, so that small numbers are added first
  std::vector<double> above(counts_.size());
  for (size_t interval = counts_.size(); interval-- > 0;) {
    above[interval] = misses;
    misses += counts_[interval];
  }
  const uint64_t cold = rounded(cold_, references);
  MissCurve curve{.references = references, .pages = cold, .cold_misses = cold};
  // Between two pages of the sample lie so many others.
  const auto step = static_cast<uint64_t>(1 / rate() + 0.5);
  const size_t first = interval_of(step);
  const double at_step = first < above.size() ? above[first] : 0;
  curve.points.push_back({.frames = step, .misses = rounded(at_step + cold_, references)});
  for (size_t interval = first + 1; interval < above.size(); ++interval) {
    const uint64_t left = rounded(above[interval] + cold_, references);
    if (left != curve.points.back().misses)
      curve.points.push_back({.frames = distance_of(interval), .misses = left});
  }
  return curve;
}

}  // namespace faultline::replay
