// The report of a replay for a person: a section a part of the machine, numbers in one column,
// shares of what they are a part of in the next.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/report.h"
#include "sim/report/numbers.h"

namespace faultline {
namespace {

using report::byte_size;
using report::grouped;
using report::share;

constexpr int kNameColumns = 22;
constexpr int kNumberColumns = 20;

class Page {
 public:
  // A line that starts a section: its name, and what is said about it.
  void heading(std::string_view name, std::string_view text) {
    if (!text_.empty()) text_ += '\n';
    line(fmt::format("{:<{}}{}", name, kNameColumns, text));
  }
  void remark(std::string_view text) { line(fmt::format("  {}", text)); }
  // A number, and what is said about it.
  void number(std::string_view name, uint64_t value, std::string_view remark = {}) {
    line(fmt::format("  {:<{}}{:>{}}{}{}", name, kNameColumns - 2, grouped(value), kNumberColumns,
                     remark.empty() ? "" : "   ", remark));
  }
  // The same with its share of a whole.
  void part(std::string_view name, uint64_t value, uint64_t whole) {
    number(name, value, fmt::format("{:>9}", share(value, whole)));
  }
  void row(std::string_view name, std::string_view a, std::string_view b, std::string_view c) {
    line(fmt::format("  {:<{}}{:>{}}{:>{}}{:>12}", name, kNameColumns - 2, a, kNumberColumns, b,
                     kNumberColumns, c));
  }
  void line(std::string_view text) {
    text_ += text.substr(0, text.find_last_not_of(' ') + 1);
    text_ += '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void put_trace(Page& page, const ReplayReport& report) {
  std::string files;
  for (const std::string& file : report.files) files += (files.empty() ? "" : " ") + file;
  page.heading("Trace", fmt::format("{} ({})", files, report.format));
  for (const std::string& text : report.damage) page.remark("left out: " + text);
  page.number("records", report.records);
  const AccessStats& kinds = report.stats.accesses;
  const uint64_t accesses = kinds.accesses();
  page.number("accesses", accesses);
  page.part("  fetches", kinds.fetches, accesses);
  page.part("  loads", kinds.loads, accesses);
  page.part("  stores", kinds.stores, accesses);
  page.part("  modifies", kinds.modifies, accesses);
  page.number("page references", report.stats.references);
  page.number("pages", report.stats.pages_touched,
              byte_size(report.stats.pages_touched * report.page_size));
}

void put_machine(Page& page, const ReplayReport& report) {
  const MachineOptions& config = report.config;
  page.heading("Machine",
               fmt::format("{}, pages of {}", config.paging, byte_size(report.page_size)));
  const std::string memory =
      config.frames ? fmt::format("memory of {} frames ({}), policy {}", grouped(*config.frames),
                                  byte_size(*config.frames * report.page_size), config.policy)
                    : "memory unlimited";
  page.row(memory, "", "", "");
  page.row(config.tlb.enabled ? "TLB " + tlb_spec(config.tlb) : "no TLB", "", "", "");
  if (config.walk_cache.enabled())
    page.row("walk cache " + walk_cache_spec(config.walk_cache), "", "", "");
}

void put_translation(Page& page, const ReplayReport& report) {
  if (report.config.tlb.enabled) {
    page.heading("TLB", "");
    page.row("", "hits", "misses", "miss rate");
    const auto level = [&](std::string_view name, const TlbLevelStats& stats) {
      page.row(name, grouped(stats.hits), grouped(stats.misses),
               share(stats.misses, stats.hits + stats.misses));
    };
    level("l1d", report.stats.tlb.l1d);
    level("l1i", report.stats.tlb.l1i);
    level("l2", report.stats.tlb.l2);
  }
  const WalkCacheOptions& cached = report.config.walk_cache;
  if (cached.enabled()) {
    page.heading("Walk cache", "");
    page.row("", "hits", "misses", "miss rate");
    for (size_t i = 0; i < cached.levels.size(); ++i)
      if (cached.levels[i].entries != 0)
        page.row(kWalkCacheLevelNames[i], grouped(report.stats.walk_cache.levels[i].hits),
                 grouped(report.stats.walk_cache.levels[i].misses),
                 share(report.stats.walk_cache.levels[i].misses,
                       report.stats.walk_cache.levels[i].hits +
                           report.stats.walk_cache.levels[i].misses));
  }
  const WalkStats& walks = report.stats.walks;
  page.heading("Page walks", "");
  page.number("walks", walks.count);
  page.number("entries read", walks.memory_references);
}

void put_faults(Page& page, const FaultStats& faults) {
  page.heading("Page faults", "");
  page.number("minor", faults.minor);
  page.number("major", faults.major);
  page.number("SIGSEGV SEGV_MAPERR", faults.segv_maperr);
  page.number("SIGSEGV SEGV_ACCERR", faults.segv_accerr);
  page.number("SIGBUS BUS_ADRERR", faults.bus_adrerr);
}

void put_memory(Page& page, const ReplayReport& report) {
  const ReplacementStats& replacement = report.stats.replacement;
  const uint64_t references = replacement.hits + replacement.misses;
  page.heading("Replacement", "");
  page.part("hits", replacement.hits, references);
  page.part("misses", replacement.misses, references);
  page.part("  cold", replacement.cold_misses, references);
  page.number("evictions", replacement.evictions);
  page.number("  of dirty pages", replacement.dirty_evictions);

  const MemoryStats& memory = report.stats.memory;
  const auto pages = [&](std::string_view name, uint64_t count) {
    page.number(name, count, byte_size(count * report.page_size));
  };
  page.heading("Memory", "");
  pages("resident pages", memory.resident_pages);
  pages("  at the peak", memory.peak_resident_pages);
  pages("inferred pages", memory.inferred_pages);
  pages("page-table pages", memory.page_table_pages);
}

void put_huge_pages(Page& page, const ReplayReport& report) {
  if (!report.huge_pages) return;
  page.heading("Huge pages", "had every page been one");
  if (!report.config.tlb.enabled) {
    for (const HugePageReport& huge : *report.huge_pages)
      page.number(byte_size(huge.page_size), huge.pages);
    return;
  }
  page.row("", "pages", "reach of l2", "l2 misses");
  for (const HugePageReport& huge : *report.huge_pages) {
    page.row(byte_size(huge.page_size), grouped(huge.pages),
             byte_size(huge.page_size * report.config.tlb.l2.entries), grouped(huge.tlb.l2.misses));
  }
}

void put_by_mapping(Page& page, const ReplayReport& report) {
  if (!report.by_mapping) return;
  page.heading("Faults by mapping", "");
  page.row("", "pages", "minor", "major");
  const std::vector<MappingFaults>& rows = *report.by_mapping;
  const bool several = std::ranges::any_of(
      rows, [&](const MappingFaults& row) { return row.pid != rows.front().pid; });
  for (const MappingFaults& row : rows) {
    const std::string process = several ? fmt::format("process {}, ", row.pid) : "";
    page.line(fmt::format("  {}{:#x}-{:#x} {}", process, row.range.start.value, row.range.end.value,
                          row.name));
    page.row("", grouped(row.pages), grouped(row.minor), grouped(row.major));
  }
}

void put_calls(Page& page, const ReplayReport& report) {
  if (!report.calls) return;
  page.heading("Calls", "");
  page.number("made", report.calls->made);
  page.number("  answered otherwise", report.calls->differing);
}

void put_host(Page& page, const ReplayReport& report) {
  if (!report.host) return;
  const double seconds = report.host->wall_seconds;
  const double rate = seconds > 0 ? double(report.stats.accesses.accesses()) / seconds : 0;
  page.heading("Time", fmt::format("{:.2f} s, {:.1f} M accesses/s", seconds, rate / 1e6));
}

}  // namespace

std::string replay_report_text(const ReplayReport& report) {
  Page page;
  put_trace(page, report);
  put_machine(page, report);
  put_translation(page, report);
  put_faults(page, report.stats.faults);
  put_memory(page, report);
  put_calls(page, report);
  put_huge_pages(page, report);
  put_by_mapping(page, report);
  put_host(page, report);
  return page.take();
}

}  // namespace faultline
