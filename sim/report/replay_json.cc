// The JSON document of a replay.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "faultline/report.h"
#include "sim/report/utf8.h"

namespace faultline {
namespace {

using nlohmann::ordered_json;

ordered_json trace_json(const ReplayReport& report) {
  ordered_json files = ordered_json::array();
  for (const std::string& file : report.files) files.push_back(report::utf8_name(file));
  const AccessStats& accesses = report.stats.accesses;
  ordered_json trace = {{"files", std::move(files)},
                        {"format", report.format},
                        {"records", report.records},
                        {"accesses", accesses.accesses()},
                        {"loads", accesses.loads},
                        {"stores", accesses.stores},
                        {"fetches", accesses.fetches},
                        {"modifies", accesses.modifies},
                        {"references", report.stats.references},
                        {"pages", report.stats.pages_touched}};
  for (const std::string& text : report.damage) trace["damage"].push_back(report::utf8_name(text));
  return trace;
}

ordered_json config_json(const ReplayReport& report) {
  const MachineOptions& config = report.config;
  ordered_json json = {
      {"paging", report::utf8_name(config.paging)},
      {"page_size", report.page_size},
      {"frames", config.frames ? ordered_json(*config.frames) : ordered_json(nullptr)},
      {"policy", config.policy},
      {"tlb", tlb_spec(config.tlb)},
      {"seed", config.seed}};
  if (config.walk_cache.enabled()) json["walk_cache"] = walk_cache_spec(config.walk_cache);
  return json;
}

// The levels that are there.
ordered_json walk_cache_json(const ReplayReport& report) {
  ordered_json json = ordered_json::object();
  for (size_t i = 0; i < kWalkCacheLevelNames.size(); ++i) {
    if (report.config.walk_cache.levels[i].entries == 0) continue;
    const TlbLevelStats& level = report.stats.walk_cache.levels[i];
    json[std::string(kWalkCacheLevelNames[i])] = {{"hits", level.hits}, {"misses", level.misses}};
  }
  return json;
}

ordered_json tlb_json(const ReplayReport& report, const TlbStats& tlb) {
  const auto level = [&](const TlbLevelStats& stats) {
    if (!report.config.tlb.enabled) return ordered_json(nullptr);
    return ordered_json{{"hits", stats.hits}, {"misses", stats.misses}};
  };
  return {{"l1d", level(tlb.l1d)}, {"l1i", level(tlb.l1i)}, {"l2", level(tlb.l2)}};
}

ordered_json faults_json(const FaultStats& faults) {
  return {{"minor", faults.minor},
          {"major", faults.major},
          {"segv_maperr", faults.segv_maperr},
          {"segv_accerr", faults.segv_accerr},
          {"bus_adrerr", faults.bus_adrerr}};
}

ordered_json replacement_json(const ReplacementStats& replacement) {
  return {{"hits", replacement.hits},
          {"misses", replacement.misses},
          {"cold_misses", replacement.cold_misses},
          {"evictions", replacement.evictions},
          {"dirty_evictions", replacement.dirty_evictions}};
}

ordered_json memory_json(const MemoryStats& memory) {
  return {{"resident_pages", memory.resident_pages},
          {"peak_resident_pages", memory.peak_resident_pages},
          {"inferred_pages", memory.inferred_pages},
          {"page_table_pages", memory.page_table_pages}};
}

ordered_json intervals_json(const std::vector<IntervalReport>& intervals) {
  ordered_json list = ordered_json::array();
  for (const IntervalReport& interval : intervals) {
    const Stats& counted = interval.counted;
    list.push_back({{"accesses", interval.accesses},
                    {"references", counted.references},
                    {"faults", faults_json(counted.faults)},
                    {"replacement", replacement_json(counted.replacement)},
                    {"tlb_misses",
                     {{"l1d", counted.tlb.l1d.misses},
                      {"l1i", counted.tlb.l1i.misses},
                      {"l2", counted.tlb.l2.misses}}},
                    {"walks", counted.walks.count},
                    {"resident_pages", counted.memory.resident_pages},
                    {"working_set_pages", interval.working_set_pages}});
  }
  return list;
}

ordered_json huge_pages_json(const ReplayReport& report) {
  ordered_json list = ordered_json::array();
  for (const HugePageReport& huge : *report.huge_pages) {
    list.push_back({{"page_size", huge.page_size},
                    {"pages", huge.pages},
                    {"tlb", tlb_json(report, huge.tlb)}});
  }
  return list;
}

ordered_json by_mapping_json(const std::vector<MappingFaults>& by_mapping) {
  ordered_json list = ordered_json::array();
  for (const MappingFaults& row : by_mapping) {
    list.push_back({{"pid", row.pid},
                    {"start", fmt::format("{:#x}", row.range.start.value)},
                    {"end", fmt::format("{:#x}", row.range.end.value)},
                    {"name", report::utf8_name(row.name)},
                    {"pages", row.pages},
                    {"minor", row.minor},
                    {"major", row.major}});
  }
  return list;
}

void add_extras(const ReplayReport& report, ordered_json& document) {
  if (report.config.walk_cache.enabled()) document["walk_cache"] = walk_cache_json(report);
  if (report.calls)
    document["calls"] = {{"made", report.calls->made}, {"differing", report.calls->differing}};
  if (report.intervals) document["intervals"] = intervals_json(*report.intervals);
  if (report.huge_pages) document["huge_pages"] = huge_pages_json(report);
  if (report.by_mapping) document["mappings"] = by_mapping_json(*report.by_mapping);
}

}  // namespace

std::string replay_report_json(const ReplayReport& report) {
  const Stats& stats = report.stats;
  ordered_json document = {
      {"trace", trace_json(report)},
      {"config", config_json(report)},
      {"tlb", tlb_json(report, stats.tlb)},
      {"walks",
       {{"count", stats.walks.count}, {"memory_references", stats.walks.memory_references}}},
      {"faults", faults_json(stats.faults)},
      {"replacement", replacement_json(stats.replacement)},
      {"memory", memory_json(stats.memory)}};
  add_extras(report, document);
  if (report.host) {
    const double seconds = report.host->wall_seconds;
    const double rate = seconds > 0 ? double(stats.accesses.accesses()) / seconds : 0;
    document["host"] = {{"wall_seconds", seconds}, {"accesses_per_second", rate}};
  }
  return document.dump();
}

}  // namespace faultline
