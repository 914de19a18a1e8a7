// The fuzz target of all formats without libFuzzer: samples, their truncations, and mutations of
// fixed seeds.
//
// How many mutations is fixed, so that every machine reads the same bytes: together they take about
// a minute where the target was built with -O2, and each format the same part of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/trace.h"
#include "sim/base/prng.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/fuzz/mutate.h"
#include "tests/support/sanitized.h"
#include "tests/trace/samples.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

std::size_t number_in_environment(const char* name, std::size_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::stoul(value);
}

// The formats that this run is about: Bazel shares them out among several (shard_count).
std::vector<std::size_t> formats_of_shard() {
  if (const char* file = std::getenv("TEST_SHARD_STATUS_FILE")) std::ofstream{file};
  const std::size_t shards = number_in_environment("TEST_TOTAL_SHARDS", 1);
  std::vector<std::size_t> formats;
  for (std::size_t i = number_in_environment("TEST_SHARD_INDEX", 0); i < trace_formats().size();
       i += shards)
    formats.push_back(i);
  return formats;
}

void run_as(std::size_t format, const std::string& bytes) {
  const std::string input = static_cast<char>(format) + bytes;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::vector<std::string> compress(const std::string& bytes) {
  return {gzip(bytes), xz(bytes),    zstd(bytes), zip({bytes}), zip({bytes}, {.descriptor = true}),
          lz4(bytes),  snappy(bytes)};
}

std::vector<std::string> make_corpus() {
  std::vector<std::string> corpus;
  for (const Sample& sample : samples()) {
    corpus.push_back(sample.bytes);
    corpus.push_back(zstd(sample.bytes));
    corpus.push_back(zip({sample.bytes}));
    corpus.push_back(lz4(sample.bytes));
    corpus.push_back(snappy(sample.bytes));
  }
  return corpus;
}

TEST_CASE("Fuzz smoke: every sample as every format, whole and cut") {
  const std::vector<std::size_t> formats = formats_of_shard();
  for (const std::string& bytes : make_corpus())
    for (std::size_t size = 0; size <= bytes.size(); size += 1 + size / 16)
      for (const std::size_t format : formats) run_as(format, bytes.substr(0, size));
}

TEST_CASE("Fuzz smoke: every sample as its own format, cut at every byte, compressed or not") {
  for (const std::size_t format : formats_of_shard())
    for (const Sample& sample : samples()) {
      if (sample.format != trace_formats()[format].name) continue;
      std::vector<std::string> corpus = compress(sample.bytes);
      corpus.push_back(sample.bytes);
      for (const std::string& bytes : corpus)
        for (std::size_t size = 0; size <= bytes.size(); ++size)
          run_as(format, bytes.substr(0, size));
    }
}

// Mutations that take a thirteenth of a minute.
struct Budget {
  std::string_view format;
  unsigned mutations;
};
constexpr auto kBudgets = std::to_array<Budget>({
    {"lackey", 1400000},
    {"hexrw", 1450000},
    {"ostep", 1450000},
    {"pinatrace", 1350000},
    {"din", 1400000},
    {"champsim", 1100000},
    {"drmemtrace", 1100000},
    {"drmemtrace-view", 520000},
    {"perf", 260000},
    {"oraclegeneral", 1350000},
    {"csv", 600000},
    {"plain", 1000000},
    {"flt", 105000},
});

// Code that is instrumented or not optimised is slower.
#if !defined(NDEBUG)  // what Bazel defines with --compilation_mode=opt alone
constexpr unsigned kBudgetPart = 16;
#else
constexpr unsigned kBudgetPart = kSanitized ? 256 : 1;
#endif

unsigned budget_of(std::string_view format) {
  const auto row = std::find_if(kBudgets.begin(), kBudgets.end(),
                                [format](const Budget& each) { return each.format == format; });
  REQUIRE_MESSAGE(row != kBudgets.end(), std::string(format), " has no budget");
  return row->mutations / kBudgetPart;
}

std::string repeat(const std::string& text, std::size_t times) {
  std::string repeated;
  while (times-- > 0) repeated += text;
  return repeated;
}

// One mutation of eight is of a compressed sample; the others are of one to four copies.
TEST_CASE("Fuzz smoke: mutations of each sample, as its own format") {
  const std::vector<std::string> corpus = make_corpus();
  for (const std::size_t format : formats_of_shard()) {
    const std::string_view name = trace_formats()[format].name;
    const auto sample = std::find_if(samples().begin(), samples().end(),
                                     [name](const Sample& each) { return each.format == name; });
    REQUIRE(sample != samples().end());
    const std::vector<std::string> compressed = compress(sample->bytes);
    base::Prng prng(1 + format);
    for (unsigned i = 0; i < budget_of(name); ++i) {
      const std::string bytes =
          i % 8 == 0 ? compressed[i / 8 % compressed.size()] : repeat(sample->bytes, 1 + i % 4);
      run_as(format, mutate(bytes, corpus, prng));
    }
  }
}

}  // namespace
}  // namespace faultline::testing
