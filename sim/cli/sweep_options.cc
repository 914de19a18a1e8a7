// The options of `faultline sweep` and `faultline merge`.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "sim/cli/subcommands.h"

namespace faultline::cli {
namespace {

constexpr const char* kSweepFooter =
    "SIZES: SIZE, FROM..TO (twice as much each time), FROM..TO/N (N sizes, evenly spread), or\n"
    "'unlimited', separated by commas; SIZE as with replay.\n"
    "\n"
    "Examples:\n"
    "  faultline sweep traces/sort.lackey.zst --memory 64p..4096p --policy lru,clock --chart "
    "a.svg\n"
    "  faultline sweep traces/sort.lackey.zst --memory 64p..4096p --shard 1/3 > 1.json\n";
constexpr const char* kMergeFooter = "Example: faultline merge 1.json 2.json 3.json --csv\n";

void add_show(CLI::App& app, bool& json, bool& csv, std::string& chart) {
  app.add_flag("--json", json, "Print the documents that replay --json would, as one array");
  app.add_flag("--csv", csv, "Print a row a configuration, as comma-separated values");
  app.add_option("--chart", chart,
                 "Draw misses by the size of memory to this file, NAME.svg or NAME.html");
}

}  // namespace

CLI::App& add_sweep(CLI::App& app, SweepCommand& to) {
  CLI::App& sweep = *app.add_subcommand(
      "sweep", "Replay every combination of the listed options, over one reading of the trace");
  sweep.footer(kSweepFooter);
  add_trace(sweep, {to.traces, to.format, to.skip, to.limit, to.salvage, to.progress}, "Replay");
  sweep.add_option("--memory", to.lists.memory, "SIZES of memory; without it, unlimited");
  sweep
      .add_option("--policy", to.lists.policy,
                  "Replacement policies, separated by commas; 'list' names them")
      ->capture_default_str();
  sweep.add_option("--tlb", to.lists.tlb, "TLBs as with replay, separated by semicolons");
  sweep
      .add_option("--walk-cache", to.lists.walk_cache,
                  "Paging-structure caches as with replay, separated by semicolons")
      ->capture_default_str();
  sweep
      .add_option("--paging", to.lists.paging,
                  "Page-table formats as with replay, separated by commas; 'list' names them")
      ->capture_default_str();
  sweep.add_option("--seed", to.seed, "Seed of the random numbers");
  sweep.add_option("--jobs", to.jobs,
                   "How many threads work at a time; without it, one a processor");
  sweep.add_option("--shard", to.shard,
                   "I/N: of the configurations the I-th of N parts, printed for 'faultline merge'");
  add_show(sweep, to.json, to.csv, to.chart);
  sweep.add_flag("--paranoid", to.paranoid, "Check every invariant again and again");
  return sweep;
}

CLI::App& add_merge(CLI::App& app, MergeCommand& to) {
  CLI::App& merge =
      *app.add_subcommand("merge", "Join the shards of a sweep: what the whole one would print");
  merge.footer(kMergeFooter);
  merge.add_option("SHARD", to.shards, "What each 'faultline sweep --shard' printed, in any order");
  add_show(merge, to.json, to.csv, to.chart);
  return merge;
}

}  // namespace faultline::cli
