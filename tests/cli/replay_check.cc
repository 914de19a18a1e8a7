#include "tests/cli/replay_check.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "tests/cli/program.h"

namespace faultline::testing {

const std::vector<std::string>& committed_traces() {
  static const std::vector<std::string> names = {
      "traces/cg.lackey.gz", "traces/perl.lackey.xz", "traces/sort.lackey.zst",
      "traces/sqlite.lackey.zst", "traces/xz-head.lackey.zst"};
  return names;
}

std::string unpack_command(const std::string& trace) {
  const char* tool = trace.ends_with(".gz")   ? "gzip -dc < "
                     : trace.ends_with(".xz") ? "xz -dc < "
                                              : "zstd -dcq --long=27 < ";
  return tool + trace;
}

std::string replay(std::vector<std::string> args) {
  args.insert(args.begin(), "replay");
  args.emplace_back("--json");
  const ProgramEnd end = run_program({.args = args});
  REQUIRE_MESSAGE(end.status == 0, end.err);
  REQUIRE(end.err.empty());
  return end.out;
}

uint64_t number(const std::string& report, const char* pointer) {
  const auto value = nlohmann::json::parse(report).at(nlohmann::json::json_pointer(pointer));
  return value.get<uint64_t>();
}

void check_equal(const std::string& report, const naive::Replay& reference) {
  const naive::Counts& counts = reference.counts;
  const naive::Replaced& replaced = reference.memory.counts;
  const std::pair<const char*, uint64_t> rows[] = {
      {"/trace/records", counts.records},
      {"/trace/accesses", counts.accesses},
      {"/trace/loads", counts.loads},
      {"/trace/stores", counts.stores},
      {"/trace/fetches", counts.fetches},
      {"/trace/modifies", counts.modifies},
      {"/trace/references", counts.references},
      {"/trace/pages", counts.pages},
      {"/replacement/hits", replaced.hits},
      {"/replacement/misses", replaced.misses},
      {"/replacement/cold_misses", replaced.cold_misses},
      {"/replacement/evictions", replaced.evictions},
      {"/replacement/dirty_evictions", replaced.dirty_evictions},
      {"/faults/minor", replaced.cold_misses},
      {"/faults/major", replaced.misses - replaced.cold_misses},
      {"/faults/segv_maperr", 0},
      {"/memory/resident_pages", replaced.misses - replaced.evictions},
      {"/tlb/l1d/hits", reference.l1d.hits},
      {"/tlb/l1d/misses", reference.l1d.misses},
      {"/tlb/l1i/hits", reference.l1i.hits},
      {"/tlb/l1i/misses", reference.l1i.misses},
      {"/tlb/l2/hits", reference.l2.hits},
      {"/tlb/l2/misses", reference.l2.misses},
  };
  for (const auto& row : rows) {
    const std::string pointer = row.first;
    CAPTURE(pointer);
    CHECK(number(report, row.first) == row.second);
  }
}

}  // namespace faultline::testing
