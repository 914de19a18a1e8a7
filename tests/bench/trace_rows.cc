// Reading traces: text to accesses, with nobody to use them.

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/trace/formats/lackey_block.h"
#include "tests/bench/rows.h"
#include "tests/bench/trace_file.h"

namespace faultline::bench {
namespace {

// As Lackey's traces are: two thirds fetches, of 8 digits; data of 10; 14.6 bytes an access.
std::string lackey_text(int accesses) {
  base::Prng prng(1);
  std::string text;
  for (int i = 0; i < accesses; ++i) {
    const std::uint64_t bits = prng.next();
    const std::uint64_t size = bits % 100 < 2 ? 16 : 1 + (bits >> 16) % 8;
    const std::uint64_t offset = bits >> 40;
    if (prng.below(3) != 0) {
      text += fmt::format("I  {:08x},{}\n", 0x4000000 + offset, size);
    } else {
      text += fmt::format(" {} {:08x},{}\n", "LLSM"[prng.below(4)], 0x1ffe000000 + offset, size);
    }
  }
  return text;
}

void read_file(benchmark::State& state) {
  const TraceFile& file = TraceFile::get();
  for (auto _ : state) {
    const auto reader = open_trace({file.path()}, {});
    FL_CHECK(reader.ok());
    std::size_t accesses = 0;
    for (;;) {
      const auto block = (*reader)->next_block();
      FL_CHECK(block.ok());
      if (block->end()) break;
      benchmark::DoNotOptimize(block->accesses.data());
      accesses += block->accesses.size();
    }
    FL_CHECK(accesses == file.accesses());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(file.accesses()));
}

// One block, in the processor's cache.
void parse(benchmark::State& state, trace::BlockParser parser) {
  constexpr int kAccesses = 16 << 10;
  std::string text = lackey_text(kAccesses);
  const std::size_t size = text.size();
  text.append(trace::kBlockPadding, '\0');
  const std::string_view lines = std::string_view(text).substr(0, size);
  std::vector<Access> accesses(kAccesses);
  for (auto _ : state) {
    const trace::ParsedBlock block = parser(lines, accesses.data());
    FL_CHECK(block.accesses == kAccesses);
    benchmark::DoNotOptimize(accesses.data());
  }
  state.SetItemsProcessed(state.iterations() * kAccesses);
}

void parse_portable(benchmark::State& state) { parse(state, trace::parse_lackey_portable); }
void parse_chosen(benchmark::State& state) { parse(state, trace::choose_lackey_parser()); }

constexpr Row kRows[] = {
    {.what = "Lackey text, file to accesses",
     .body = read_file,
     .iterations = 3,
     .bound = kReadBound,
     .target_rate = 150e6},
    {.what = "Lackey text, a block in the cache",
     .body = parse_chosen,
     .iterations = 500,
     .bound = kReadBound},
    {.what = "Lackey text, the strict parser alone",
     .body = parse_portable,
     .iterations = 100,
     .bound = kReadBound},
};

}  // namespace

std::span<const Row> trace_rows() { return kRows; }

}  // namespace faultline::bench
