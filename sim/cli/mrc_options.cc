// The options of `faultline mrc`.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "sim/cli/subcommands.h"

namespace faultline::cli {
namespace {

constexpr const char* kMrcFooter =
    "Examples:\n"
    "  faultline mrc traces/sort.lackey.zst --chart sort.svg\n"
    "  faultline mrc traces/sort.lackey.zst --policy clock,sieve,arc --memory 64p..4096p\n"
    "  faultline mrc traces/sort.lackey.zst --sample 0.1 --json\n";

}  // namespace

CLI::App& add_mrc(CLI::App& app, MrcCommand& to) {
  CLI::App& mrc =
      *app.add_subcommand("mrc", "The misses of LRU for every size of memory, from one pass");
  mrc.footer(kMrcFooter);
  add_trace(mrc, {to.traces, to.format, to.skip, to.limit, to.salvage, to.progress}, "Look at");
  mrc.add_option("--paging", to.paging,
                 "The page-table format, for the size of pages; 'list' names them")
      ->capture_default_str();
  mrc.add_option("--sample", to.sample,
                 "Estimate the curve from that share of the pages, as 0.01; without it, exact");
  mrc.add_option("--sample-pages", to.sample_pages, "Estimate it from that many pages at most");
  mrc.add_option("--policy", to.policy,
                 "Beside LRU's curve, the misses of these policies in memory of each --memory");
  mrc.add_option("--memory", to.memory, "Sizes for --policy: 64p,1M, 64p..4096p or 64p..4096p/10");
  mrc.add_option("--seed", to.seed, "Seed of the choice of pages, and of policies");
  mrc.add_option("--pages-max", to.pages_max,
                 "Give up where there are more pages than that; without it, than 1,000,000,000");
  mrc.add_flag("--json", to.json, "Print one JSON document");
  mrc.add_flag("--csv", to.csv, "Print every point of the curve, as comma-separated values");
  mrc.add_option("--chart", to.chart, "Draw the curve to this file, NAME.svg or NAME.html");
  mrc.add_flag("--paranoid", to.paranoid, "Check the policies' invariants after each block");
  return mrc;
}

}  // namespace faultline::cli
