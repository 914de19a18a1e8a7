// The fuzz target of flt without libFuzzer: files of both filters, cut, changed by fixed seeds, and
// with contents of blocks changed under checksums that are right.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "tests/fuzz/flt_seal.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/fuzz/mutate.h"
#include "tests/trace/flt_support.h"

namespace faultline::testing {
namespace {

void run(bool sealed, const std::string& bytes) {
  const std::string input = std::string(1, sealed ? 1 : 0) + bytes;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::vector<std::string> make_corpus() {
  std::vector<std::string> corpus;
  for (const TraceFilter filter : {TraceFilter::kOff, TraceFilter::kRuns}) {
    std::vector<Stream> streams;
    for (uint64_t seed = 1; seed < 4; ++seed)
      streams.push_back(random_stream({.seed = seed,
                                       .accesses = 60,
                                       .calls_in_1000 = 60,
                                       .tasks_in_1000 = 60,
                                       .straddles_in_1000 = 100}));
    corpus.push_back(write_flt_blocks(streams, {.filter = filter, .producer = "fuzz"}));
  }
  return corpus;
}

TEST_CASE("Fuzz smoke: flt files, cut") {
  for (const std::string& bytes : make_corpus())
    for (std::size_t size = 1; size <= bytes.size(); size += 29)
      for (const bool sealed : {false, true}) run(sealed, bytes.substr(0, size));
}

TEST_CASE("Fuzz smoke: 500 mutations of flt files, with their checksums wrong and right") {
  const std::vector<std::string> corpus = make_corpus();
  base::Prng prng(1);
  for (const std::string& bytes : corpus)
    for (int i = 0; i < 500; ++i) run(i % 2 == 1, mutate(bytes, corpus, prng));
}

TEST_CASE("Fuzz smoke: 1000 mutations of what a block of flt holds") {
  base::Prng prng(2);
  for (const std::string& bytes : make_corpus()) {
    const std::string content = first_content(bytes);
    const std::vector<std::string> pieces = {content, std::string(40, '\xff')};
    for (int i = 0; i < 1000; ++i) run(false, with_content(bytes, mutate(content, pieces, prng)));
  }
}

}  // namespace
}  // namespace faultline::testing
