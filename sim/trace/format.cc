#include "sim/trace/format.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace faultline {
namespace trace {
namespace {

constexpr std::array kFormats = {
    FormatRow{{"lackey",
               "valgrind --tool=lackey --trace-mem=yes: fetches, loads, stores and modifies, "
               "each with address and size"},
              detect_lackey,
              make_lackey_reader},
    FormatRow{{"hexrw",
               "an address and R or W a line, as courses use it: `0041f7a0 R`, with or without 0x; "
               "one byte each"},
              detect_hexrw,
              make_hexrw_reader},
    FormatRow{
        {"ostep", "page numbers, one a line or with commas between: one load of one byte each"},
        detect_ostep,
        make_ostep_reader},
    FormatRow{{"pinatrace",
               "Intel Pin's example tool: loads and stores with the instruction's address, one "
               "byte each"},
              detect_pinatrace,
              make_pinatrace_reader},
    FormatRow{
        {"din", "Dinero: a label (0 load, 1 store, 2 fetch) and an address a line; one byte each"},
        detect_din,
        make_din_reader},
    FormatRow{{"champsim",
               "ChampSim's instructions of 64 bytes: a fetch, and loads and stores without sizes"},
              detect_champsim,
              make_champsim_reader},
    FormatRow{{"drmemtrace",
               "DynamoRIO's memory traces on disk, one thread each: fetches, loads and stores with "
               "sizes"},
              detect_drmemtrace,
              make_drmemtrace_reader},
    FormatRow{{"drmemtrace-view", "the text that DynamoRIO's view tool prints of one"},
              detect_drmemtrace_view,
              make_drmemtrace_view_reader},
    FormatRow{{"perf",
               "Linux's page faults and memory samples, as perf script or ftrace print them; one "
               "byte each"},
              detect_perf,
              make_perf_reader},
    FormatRow{{"oraclegeneral",
               "libCacheSim's records of 24 bytes: an object each, for which a page stands; loads "
               "of one byte"},
              detect_oraclegeneral,
              make_oraclegeneral_reader},
    FormatRow{
        {"csv",
         "comma-separated values whose first line names a column of objects, for each of which "
         "a page stands: time, object, size, and op"},
        detect_csv,
        make_csv_reader},
    FormatRow{{"plain",
               "an access a line: a process if you like, one of the letters RLWSMIF, a hexadecimal "
               "address, and a size if you like"},
              detect_plain,
              make_plain_reader},
    FormatRow{{"flt",
               "our own: accesses or page runs, with mapping calls and tasks, compressed, checked"},
              detect_flt,
              make_flt_reader,
              make_flt_salvager},
};

constexpr std::array<TraceFormat, kFormats.size()> list_formats() {
  std::array<TraceFormat, kFormats.size()> list{};
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = kFormats[i].info;
  return list;
}
constexpr std::array kList = list_formats();

std::string join_names(const std::vector<const FormatRow*>& rows) {
  std::string names;
  for (const FormatRow* row : rows) {
    names += (names.empty() ? "" : ", ") + std::string(row->info.name);
  }
  return names;
}

std::vector<const FormatRow*> all_formats() {
  std::vector<const FormatRow*> rows;
  for (const FormatRow& row : kFormats) rows.push_back(&row);
  return rows;
}

InputError several_fit(const Content& content, const std::vector<const FormatRow*>& rows) {
  return {.file = content.file,
          .message = fmt::format("is a trace in several formats: {}; name one with --format",
                                 join_names(rows))};
}

// Whether more of the head was in the format that `a` is about: more records, or a misfit that
// comes later in it.
bool is_nearer(const Detection& a, const Detection& b) {
  const auto rank = [](const Detection& found) {
    const bool fits_so_far = found.misfit.message.empty();
    return std::tuple(found.records, fits_so_far, found.misfit.line, found.misfit.column);
  };
  return rank(a) > rank(b);
}

// `nearest` is the format that most of the head is in.
InputError none_fits(const Content& content, const FormatRow& nearest, const Misfit& misfit) {
  const std::string why = misfit.message.empty() ? "no records" : misfit.message;
  return {.file = content.file,
          .message = fmt::format("is not a trace in a known format (as {}: {}); "
                                 "name one with --format: {}",
                                 nearest.info.name, why, join_names(all_formats())),
          .line = misfit.line,
          .column = misfit.column};
}

// How many records can be read of what fits no format.
std::uint64_t records_before_misfit(const Detection& found) {
  if (found.misfit.record == 0) return found.records;
  return std::min(found.records, found.misfit.record - 1);
}

// What detection found out about a format.
struct Finding {
  const FormatRow* row;
  Detection found;
};

// The formats in which the most records can be read, if any can.
std::vector<const FormatRow*> most_readable(const std::vector<Finding>& findings) {
  std::uint64_t most = 1;
  for (const auto& [row, found] : findings) most = std::max(most, records_before_misfit(found));
  std::vector<const FormatRow*> rows;
  for (const auto& [row, found] : findings)
    if (records_before_misfit(found) == most) rows.push_back(row);
  return rows;
}

}  // namespace

const FormatRow* find_format(std::string_view name) {
  const auto row = std::find_if(kFormats.begin(), kFormats.end(),
                                [name](const FormatRow& it) { return it.info.name == name; });
  return row == kFormats.end() ? nullptr : &*row;
}

Result<const FormatRow*, InputError> detect_format(const Content& content,
                                                   const DetectOptions& options) {
  Head head;
  head.bytes = content.bytes->peek(kHeadBytes);
  const std::optional<InputError>& failure = content.bytes->failure();
  head.whole = content.bytes->exhausted() && !failure;
  std::vector<Finding> findings;
  std::vector<const FormatRow*> fitting;
  for (const FormatRow& row : kFormats) {
    const Detection& found = findings.emplace_back(Finding{&row, row.detect(head)}).found;
    if (found.fits && found.certain) return &row;
    if (found.fits) fitting.push_back(&row);
  }
  if (fitting.empty() && options.salvage) fitting = most_readable(findings);
  if (std::find(fitting.begin(), fitting.end(), options.before) != fitting.end())
    return options.before;
  if (fitting.size() == 1) return fitting.front();
  // Too little could be read to tell: that it could not be read further is the better answer.
  if (failure && fitting.size() > 1 && !options.salvage) return *failure;
  if (fitting.size() > 1) return several_fit(content, fitting);
  const Finding& nearest = *std::max_element(
      findings.begin(), findings.end(),
      [](const Finding& a, const Finding& b) { return is_nearer(b.found, a.found); });
  if (failure && nearest.found.misfit.message.empty()) return *failure;
  for (const auto& [row, found] : findings) {
    const bool most = row == nearest.row && found.records > 0;
    const bool searches = options.salvage && row->make_salvager != nullptr;
    if (row == options.before && (most || searches || found.misfit.message.empty())) return row;
  }
  return none_fits(content, *nearest.row, nearest.found.misfit);
}

}  // namespace trace

std::span<const TraceFormat> trace_formats() { return trace::kList; }

}  // namespace faultline
