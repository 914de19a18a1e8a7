// Damage, for fuzzing without libFuzzer.
#pragma once

#include <string>
#include <vector>

#include "sim/base/prng.h"

namespace faultline::testing {

// One to four changes to `bytes`: a byte, a bit, a piece of the corpus put in, some bytes taken
// out.
inline std::string mutate(std::string bytes, const std::vector<std::string>& corpus,
                          base::Prng& prng) {
  for (std::uint64_t changes = 1 + prng.below(4); changes-- > 0 && !bytes.empty();) {
    const std::size_t at = prng.below(bytes.size());
    switch (prng.below(4)) {
      case 0:
        bytes[at] = static_cast<char>(prng.below(256));
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << prng.below(8)));
        break;
      case 2:
        bytes.insert(at, corpus[prng.below(corpus.size())].substr(0, prng.below(40)));
        break;
      default:
        bytes.erase(at, 1 + prng.below(20));
    }
  }
  return bytes;
}

}  // namespace faultline::testing
