// The fuzzer's target on inputs that are always the same: a listing with random damage.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "sim/base/prng.h"
#include "tests/fuzz/fuzz_entry.h"

namespace faultline {
namespace {

constexpr std::string_view kSeed =
    "00400000-00402000 r-xp 00000000 fe:00 11001898                           /bin/a b\n"
    "00602000-00603000 rw-p 00002000 fe:00 11001898                           /bin/a b\n"
    "00603000-00624000 rw-p 00000000 00:00 0                                  [heap]\n"
    "7ffff7000000-7ffff7004000 ---p 00000000 00:00 0 \n"
    "7ffff7004000-7ffff7008000 rw-s 00001000 00:01 7        /dev/zero (deleted)\n"
    "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]\n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";
constexpr std::string_view kBytes = "0123456789abcdefrwxps-: \n/[]\xff";

TEST_CASE("fuzz: damaged listings are refused within their text, or taken whole") {
  base::Prng prng(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(kSeed);
    const uint64_t damages = prng.below(4);
    for (uint64_t i = 0; i < damages; ++i) {
      const uint64_t at = prng.below(text.size());
      const char byte = kBytes[prng.below(kBytes.size())];
      switch (prng.below(3)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, 1 + prng.below(3));
      }
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  }
}

}  // namespace
}  // namespace faultline
