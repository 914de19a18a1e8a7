// Four: a vector of four numbers, the one size that every x86-64 and arm64 has; comparing two gives
// lanes that are all ones or 0. A bit for each such lane tells which they are without a branch.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace faultline::base {

using Four __attribute__((vector_size(16))) = uint32_t;

// REQUIRES: so many lie there.
inline Four load_four(const uint32_t* from) {
  Four loaded;
  std::memcpy(&loaded, from, sizeof loaded);
  return loaded;
}
inline Four four_of(uint32_t value) { return Four{value, value, value, value}; }

// Bit i is lane i % 4 of the vector i / 4. REQUIRES: all lanes are all ones or 0.
inline unsigned bits_of(Four a) {
#if defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_ps(reinterpret_cast<__m128>(a)));
#else
  const Four found = a & Four{1, 2, 4, 8};
  return found[0] | found[1] | found[2] | found[3];
#endif
}
inline unsigned bits_of(Four a, Four b, Four c = Four{}, Four d = Four{}) {
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

}  // namespace faultline::base
