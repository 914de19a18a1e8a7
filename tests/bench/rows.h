// Row: one line of the benchmark table, a rate that is measured and what it is compared with.
//
// Rates are compared as ratios to a bound that the same process measures, since shared machines are
// noisy: the bound is a row itself. A new subject: one .cc with a function that returns its rows,
// its declaration below, and its line in rows.cc.
//
// Units: items a second, of CPU time unless a row says otherwise. Single-threaded.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace faultline::bench {

// Which time a rate is per second of.
enum class Clock : uint8_t { kProcessor, kWall };

struct Row {
  std::string_view what;  // its name, which --benchmark_filter sees
  // Does its work in `for (auto _ : state)` and says by state.SetItemsProcessed how many items that
  // was. Called once a repetition, so that preparing is done as often.
  void (*body)(benchmark::State& state);
  int iterations = 1;           // of the loop, in each repetition
  std::string_view bound = {};  // the `what` of the row it is compared with; empty: this is a bound
  double target_rate = 0;       // at least, in items a second; 0: none
  double target_ratio = 0;
  Clock clock = Clock::kProcessor;
};

// The bound of everything that is counted in accesses.
inline constexpr std::string_view kSumBound = "sum of 8-byte words, 512 MiB";

std::span<const Row> barest_rows();
std::span<const Row> bound_rows();
std::span<const Row> compressed_rows();
std::span<const Row> flt_rows();
std::span<const Row> engine_rows();
std::span<const Row> frame_rows();
std::span<const Row> machine_rows();
std::span<const Row> mrc_rows();
std::span<const Row> page_table_rows();
std::span<const Row> replacement_rows();
std::span<const Row> replay_rows();
std::span<const Row> scenario_rows();
std::span<const Row> sweep_rows();
std::span<const Row> trace_rows();
std::span<const Row> translate_rows();
std::span<const Row> vma_rows();

// The rows of every subject, in the order of the table.
using Subject = std::span<const Row> (*)();
std::span<const Subject> subjects();

}  // namespace faultline::bench
