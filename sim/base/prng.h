// Prng: a seeded generator of random numbers, the only one in the project.
//
// The same seed gives the same numbers with every compiler, library and machine; the distributions
// of <random> do not, so there is none here. Not for secrets.
//
// Source: xoshiro256** 1.0 and SplitMix64 by D. Blackman and S. Vigna (prng.di.unimi.it), public
// domain algorithms, written anew.
// Threads: one generator, one thread.

#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "sim/base/check.h"

namespace faultline::base {

class Prng {
 public:
  explicit constexpr Prng(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = split_mix(seed);
  }

  // The next 64 random bits.
  constexpr std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // A number in [0, bound), each as likely as the other.
  // REQUIRES: bound > 0.
  constexpr std::uint64_t below(std::uint64_t bound) {
    FL_CHECK(bound > 0);
    // 2^64 mod bound: dropping that many values leaves a multiple of `bound` to choose from.
    const std::uint64_t surplus = (0 - bound) % bound;
    std::uint64_t value = next();
    while (value < surplus) value = next();
    return value % bound;
  }

 private:
  // Spreads a seed of few bits over the whole state, which must not be all zero.
  static constexpr std::uint64_t split_mix(std::uint64_t& seed) {
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace faultline::base
