// The fuzz target of all formats without libFuzzer: samples, their truncations, and mutations of
// fixed seeds, each read as every format.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "faultline/trace.h"
#include "sim/base/prng.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/fuzz/mutate.h"
#include "tests/trace/samples.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

void run_as(std::size_t format, const std::string& bytes) {
  const std::string input = static_cast<char>(format) + bytes;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::vector<std::string> make_corpus() {
  std::vector<std::string> corpus;
  for (const Sample& sample : samples()) {
    corpus.push_back(sample.bytes);
    corpus.push_back(zstd(sample.bytes));
  }
  return corpus;
}

TEST_CASE("Fuzz smoke: every sample as every format, whole and cut") {
  for (const std::string& bytes : make_corpus())
    for (std::size_t size = 0; size <= bytes.size(); size += 1 + size / 16)
      for (std::size_t format = 0; format < trace_formats().size(); ++format)
        run_as(format, bytes.substr(0, size));
}

TEST_CASE("Fuzz smoke: 500 mutations of each sample, as its own format") {
  const std::vector<std::string> corpus = make_corpus();
  base::Prng prng(1);
  for (std::size_t format = 0; format < trace_formats().size(); ++format)
    for (const Sample& sample : samples())
      if (sample.format == trace_formats()[format].name)
        for (int i = 0; i < 500; ++i) run_as(format, mutate(sample.bytes, corpus, prng));
}

}  // namespace
}  // namespace faultline::testing
