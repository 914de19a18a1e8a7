// Runs the benchmarks of every subject and prints them as a table: what was measured, its bound,
// the ratio of the two, and the target. Always exits with 0. With --once as its first argument each
// row is run once, to see that it runs.

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

// Keeps the rate of each repetition.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const auto rate = run.counters.find("items_per_second");
      if (rate == run.counters.end()) continue;
      rates_[run.run_name.function_name].push_back(rate->second);
      labels_[run.run_name.function_name] = run.report_label;
      std::fputc('.', stderr);
    }
  }
  // 0 when the row was not run.
  double median(std::string_view what) const {
    const auto it = rates_.find(std::string(what));
    if (it == rates_.end()) return 0;
    std::vector<double> rates = it->second;
    std::ranges::sort(rates);
    return rates[rates.size() / 2];
  }
  // What the row says of itself by state.SetLabel().
  std::string label(std::string_view what) const {
    const auto it = labels_.find(std::string(what));
    return it == labels_.end() || it->second.empty() ? "" : "  " + it->second;
  }

 private:
  std::map<std::string, std::vector<double>> rates_;
  std::map<std::string, std::string> labels_;
};

std::string rate_text(double rate) {
  return rate == 0 ? "" : fmt::format("{:.1f} M/s", rate / 1e6);
}

std::string target_text(const Row& row, double rate, double ratio) {
  std::string text;
  bool met = true;
  if (row.target_rate != 0) {
    text = ">= " + rate_text(row.target_rate);
    met = rate >= row.target_rate;
  }
  if (row.target_ratio != 0) {
    text += fmt::format("{}>= {:.2f}", text.empty() ? "" : ", ", row.target_ratio);
    met = met && ratio >= row.target_ratio;
  }
  if (text.empty()) return text;
  // --benchmark_filter may have left the bound out.
  if (row.target_ratio != 0 && ratio == 0) return text + "  no bound measured";
  return text + (met ? "  met" : "  below");
}

void print_table(const Collector& collector) {
  fmt::print("\n{:<52}|{:>13} |{:>9} |{:>13} |{:>6} | {}\n", "what", "measured", "each", "bound",
             "ratio", "target");
  fmt::print("{:-<52}+{:->14}+{:->10}+{:->14}+{:->7}+{:->28}\n", "", "", "", "", "", "");
  for (const Subject subject : subjects()) {
    for (const Row& row : subject()) {
      const double rate = collector.median(row.what);
      if (rate == 0) continue;
      const double bound = collector.median(row.bound);
      const double ratio = bound == 0 ? 0 : rate / bound;
      fmt::print("{:<52}|{:>13} |{:>6.2f} ns |{:>13} |{:>6} | {}{}\n", row.what, rate_text(rate),
                 1e9 / rate, rate_text(bound), bound == 0 ? "" : fmt::format("{:.3f}", ratio),
                 target_text(row, rate, ratio), collector.label(row.what));
    }
  }
}

int run(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  const bool once = argc > 1 && std::string_view(argv[1]) == "--once";
  if (once) arguments.erase(arguments.begin() + 1);
  // The repetitions of all rows come mixed, so that a slow minute of the machine is everybody's.
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  // An odd number has a median.
  std::string repetitions = fmt::format("--benchmark_repetitions={}", once ? 1 : 5);
  arguments.insert(arguments.begin() + 1, {interleave.data(), repetitions.data()});
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 0;
  for (const Subject subject : subjects()) {
    for (const Row& row : subject()) {
      auto* registered = benchmark::RegisterBenchmark(std::string(row.what).c_str(), row.body)
                             ->Iterations(once ? 1 : row.iterations);
      if (row.clock == Clock::kWall) registered->UseRealTime();
    }
  }
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  print_table(collector);
  return 0;
}

}  // namespace
}  // namespace faultline::bench

int main(int argc, char** argv) { return faultline::bench::run(argc, argv); }
