// The options of `faultline replay`.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "sim/cli/subcommands.h"

namespace faultline::cli {
namespace {

constexpr const char* kReplayFooter =
    "SIZE: a number of bytes, with K, M, G (powers of 1024) or p (pages) behind it or not.\n"
    "\n"
    "Examples:\n"
    "  faultline replay traces/sort.lackey.zst --memory 256p --policy clock --json\n"
    "  valgrind --tool=lackey --trace-mem=yes --log-fd=9 ls 9>&1 >/dev/null | faultline replay -\n";

}  // namespace

CLI::App& add_replay(CLI::App& app, ReplayCommand& to) {
  CLI::App& replay = *app.add_subcommand(
      "replay", "Replay an address trace through TLB, page tables, faults and memory; report");
  replay.footer(kReplayFooter);
  add_trace(replay, {to.traces, to.format, to.skip, to.limit, to.salvage, to.progress}, "Replay");
  replay.add_option("--memory", to.memory, "SIZE of memory; without it, unlimited");
  replay.add_option("--policy", to.policy, "The replacement policy; 'list' names them")
      ->capture_default_str();
  replay.add_option("--tlb", to.tlb,
                    "The TLB, as l1d=64x4,l1i=64x8,l2=1536x12 (entries x ways; the default), or "
                    "'none'");
  replay
      .add_option("--walk-cache", to.walk_cache,
                  "Paging-structure caches, as pde=32x4,pdpte=4x4 (entries x ways; also pml4e and "
                  "pml5e), or 'none'")
      ->capture_default_str();
  replay
      .add_option("--paging", to.paging,
                  "The page-table format: a name, 'list' tells them, or a file that describes one")
      ->capture_default_str();
  replay.add_option("--maps", to.maps, "A /proc/PID/maps listing to start from");
  replay.add_option(
      "--unmapped", to.unmapped,
      "What an access outside every mapping does: 'map' infers a mapping, 'fault' "
      "is SIGSEGV; the default is 'fault' for a trace with mapping calls, else 'map'");
  replay.add_option("--seed", to.seed, "Seed of the random numbers");
  replay.add_option("--events", to.events,
                    "Write every event to this file, as JSON Lines; '-': to standard output, in "
                    "place of the report");
  replay.add_option("--interval", to.interval,
                    "A row of counters every that many accesses: as CSV, in place of the report, "
                    "or in the JSON document");
  replay.add_flag("--warm", to.warm,
                  "The files that the trace's calls map are in the page cache when it begins");
  replay.add_flag("--huge-pages", to.huge_pages,
                  "Tell also what the TLB would miss with pages of 2 MiB and of 1 GiB");
  replay.add_flag("--by-mapping", to.by_mapping, "Tell also which mappings the faults fell into");
  replay.add_flag("--json", to.json, "Print the report as one JSON document");
  replay.add_flag("--timing", to.timing, "Report how long it took, too");
  replay.add_flag("--paranoid", to.paranoid, "Check every invariant again and again");
  return replay;
}

}  // namespace faultline::cli
