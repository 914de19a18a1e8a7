// The fuzzer's target on inputs that are always the same: scenarios with random damage, and words
// of the language in random order.
#include <doctest/doctest.h>

#include <iterator>
#include <string>
#include <string_view>

#include "sim/base/prng.h"
#include "tests/fuzz/fuzz_entry.h"

namespace faultline {
namespace {

void fuzz_scenario(std::string_view text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

constexpr std::string_view kSeed =
    "# a comment\n"
    "fd = open(\"/data/log.mmap2\", O_RDWR|O_CREAT, 0644)\r\n"
    "\tftruncate(fd, 150K) = 0\n"
    "log = mmap(NULL, 150K, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0) = 0x7ffff7fd9000\n"
    "[pid 1] store(log, \"he\\x6c\\154o\\n\") = 5\n"
    "repeat 3 as i { repeat ~(2 - i) & 3 as j {\n"
    "  pread64(fd, _, 64, (i << 12) + j % 7 * -1) = -1 EINVAL (Invalid argument)\n"
    "} }\n"
    "load(log, 8) = 3 SIGSEGV SEGV_MAPERR log + 3\n"
    "--- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x1000} ---\n"
    "exit(0) = ?\n";

constexpr std::string_view kWords[] = {
    "\n",      "\r\n",    " ",         "\t",      "(",      ")",           "{",        "}",
    "[",       "]",       ",",         "=",       "-",      "~",           "*",        "/",
    "%",       "+",       "&",         "|",       "?",      "<<",          ">>",       "#",
    ";",       "_",       "\"",        "\"a\"",   "\\",     "0",           "08",       "4K",
    "0x1000",  "-1",      "repeat",    "as",      "i",      "pid",         "fsync",    "mmap",
    "load",    "store",   "EINVAL",    "SIGSEGV", "SIGBUS", "SEGV_MAPERR", "---",      "si_signo",
    "si_code", "si_addr", "PROT_READ", "MAP_FOO", "fork",   "maps()",      "fsync(3)", "\xff",
};

TEST_CASE("fuzz: damaged scenarios are refused within their text, or taken whole") {
  base::Prng prng(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(kSeed);
    const uint64_t damages = 1 + prng.below(4);
    for (uint64_t i = 0; i < damages && !text.empty(); ++i) {
      const size_t at = prng.below(text.size());
      switch (prng.below(4)) {
        case 0:
          text[at] = static_cast<char>(prng.below(256));
          break;
        case 1:
          text.erase(at, 1 + prng.below(8));
          break;
        case 2:
          text.insert(at, text.substr(prng.below(text.size()), prng.below(40)));
          break;
        default:
          text.insert(at, kWords[prng.below(std::size(kWords))]);
      }
    }
    fuzz_scenario(text);
  }
}

TEST_CASE("fuzz: every beginning of a scenario is refused within its text, or taken whole") {
  for (size_t length = 0; length <= kSeed.size(); ++length) fuzz_scenario(kSeed.substr(0, length));
}

TEST_CASE("fuzz: words in random order") {
  base::Prng prng(2);
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    const uint64_t words = prng.below(24);
    for (uint64_t i = 0; i < words; ++i) {
      text += kWords[prng.below(std::size(kWords))];
      if (prng.below(3) == 0) text += ' ';
    }
    fuzz_scenario(text);
  }
}

TEST_CASE("fuzz: random bytes") {
  base::Prng prng(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(prng.below(64), '\0');
    for (char& c : text) c = static_cast<char>(prng.below(256));
    fuzz_scenario(text);
  }
}

}  // namespace
}  // namespace faultline
