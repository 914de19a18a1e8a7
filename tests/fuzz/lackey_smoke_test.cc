// The fuzz target without libFuzzer: over a corpus, its truncations, and mutations of fixed seeds.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/fuzz/mutate.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::vector<std::string> make_corpus() {
  const std::string text =
      "==1== Lackey\nI  04000000,4\r\n\n S 1fff000708,16\n M 0,512\n"
      "SYSCALL[1,1](12) sys_brk ( 0x0 )\n L ffffffffffffffff,65536\nI  123456789abcdef,9\n";
  std::vector<std::string> corpus = {"", "\n", text, text + "I  0,0\n", std::string(300, '\0')};
  for (const std::string& plain : {text, random_lackey(1, 2'000)}) {
    corpus.push_back(plain);
    corpus.push_back(gzip(plain));
    corpus.push_back(gzip(plain) + gzip(plain));
    corpus.push_back(xz(plain));
    corpus.push_back(zstd(plain));
    corpus.push_back(zstd(plain) + zstd(plain));
  }
  return corpus;
}

TEST_CASE("Fuzz smoke: the corpus, and every truncation of it") {
  for (const std::string& bytes : make_corpus()) {
    for (std::size_t size = 0; size <= bytes.size(); size += 1 + size / 200) {
      run(bytes.substr(0, size));
    }
    run(bytes);
  }
}

TEST_CASE("Fuzz smoke: 1,000 mutations of the corpus") {
  const std::vector<std::string> corpus = make_corpus();
  base::Prng prng(1);
  for (int i = 0; i < 1'000; ++i) {
    run(mutate(corpus[prng.below(corpus.size())], corpus, prng));
  }
}

}  // namespace
}  // namespace faultline::testing
