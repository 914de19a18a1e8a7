// The tables and the chart of a sweep.
#include "sim/report/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "faultline/report.h"
#include "faultline/sweep.h"
#include "sim/base/check.h"
#include "sim/report/chart.h"
#include "sim/report/numbers.h"

namespace faultline::report {
namespace {

using nlohmann::json;

std::vector<json> parsed(const Documents& documents) {
  std::vector<json> all;
  for (const std::string& document : documents) {
    all.push_back(json::parse(document, nullptr, false));
    FL_CHECK(all.back().is_object());
  }
  return all;
}

// The value at a JSON pointer as text; empty where it is null or missing.
std::string text_at(const json& document, const char* pointer) {
  const json::json_pointer at(pointer);
  if (!document.contains(at)) return "";
  const json& value = document.at(at);
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

uint64_t number_at(const json& document, const char* pointer) {
  return document.at(json::json_pointer(pointer)).get<uint64_t>();
}

struct Column {
  std::string_view name;
  const char* pointer;
};
constexpr Column kColumns[] = {
    {"frames", "/config/frames"},
    {"policy", "/config/policy"},
    {"tlb", "/config/tlb"},
    {"paging", "/config/paging"},
    {"page_size", "/config/page_size"},
    {"seed", "/config/seed"},
    {"records", "/trace/records"},
    {"accesses", "/trace/accesses"},
    {"references", "/trace/references"},
    {"pages", "/trace/pages"},
    {"hits", "/replacement/hits"},
    {"misses", "/replacement/misses"},
    {"cold_misses", "/replacement/cold_misses"},
    {"evictions", "/replacement/evictions"},
    {"dirty_evictions", "/replacement/dirty_evictions"},
    {"minor", "/faults/minor"},
    {"major", "/faults/major"},
    {"segv_maperr", "/faults/segv_maperr"},
    {"segv_accerr", "/faults/segv_accerr"},
    {"bus_adrerr", "/faults/bus_adrerr"},
    {"l1d_hits", "/tlb/l1d/hits"},
    {"l1d_misses", "/tlb/l1d/misses"},
    {"l1i_hits", "/tlb/l1i/hits"},
    {"l1i_misses", "/tlb/l1i/misses"},
    {"l2_hits", "/tlb/l2/hits"},
    {"l2_misses", "/tlb/l2/misses"},
    {"walks", "/walks/count"},
    {"walk_references", "/walks/memory_references"},
    {"resident_pages", "/memory/resident_pages"},
    {"page_table_pages", "/memory/page_table_pages"},
};

// Source: RFC 4180.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

// What a person asks first; frames stand in the first column in any case.
constexpr Column kSettings[] = {{"policy", "/config/policy"},
                                {"TLB", "/config/tlb"},
                                {"walk cache", "/config/walk_cache"},
                                {"paging", "/config/paging"}};

bool differs(const std::vector<json>& documents, const char* pointer) {
  return std::ranges::any_of(documents, [&](const json& document) {
    return text_at(document, pointer) != text_at(documents.front(), pointer);
  });
}

std::vector<Column> differing_settings(const std::vector<json>& documents) {
  std::vector<Column> settings;
  for (const Column& setting : kSettings)
    if (differs(documents, setting.pointer)) settings.push_back(setting);
  return settings;
}

std::string frames_text(const json& document) {
  const std::string frames = text_at(document, "/config/frames");
  return frames.empty() ? "unlimited" : grouped(number_at(document, "/config/frames"));
}

std::string file_names(const json& document) {
  std::string names;
  for (const json& file : document.at("trace").at("files"))
    names += (names.empty() ? "" : " ") + file.get<std::string>();
  return names;
}

// Columns of text as wide as their widest field, numbers to the right.
class Table {
 public:
  explicit Table(size_t left) : left_(left) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string take() const {
    std::string text;
    for (const std::vector<std::string>& row : rows_) {
      std::string line = " ";
      for (size_t i = 0; i < row.size(); ++i) {
        const size_t width = width_of(i);
        line += i < left_ ? fmt::format(" {:<{}}", row[i], width)
                          : fmt::format(" {:>{}}", row[i], width + 1);
      }
      text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    }
    return text;
  }

 private:
  size_t width_of(size_t column) const {
    size_t width = 0;
    for (const std::vector<std::string>& row : rows_) width = std::max(width, row[column].size());
    return width;
  }

  size_t left_;  // so many columns of names come first
  std::vector<std::vector<std::string>> rows_;
};

Chart make_chart(const Documents& documents) {
  const std::vector<json> all = parsed(documents);
  Chart chart{.title = "Misses by the size of memory",
              .x_label = "memory, in frames",
              .y_label = "share of references that miss",
              .lines = {}};
  if (all.empty()) return chart;
  chart.title += ": " + file_names(all.front());
  // Where pages are of several sizes, memory is told in frames of the smallest.
  const auto page_size = [](const json& document) {
    return number_at(document, "/config/page_size");
  };
  chart.page_size = page_size(*std::ranges::min_element(all, {}, page_size));
  const std::vector<Column> settings = differing_settings(all);
  std::map<std::string, size_t> lines;
  for (const json& document : all) {
    const uint64_t references = number_at(document, "/trace/references");
    if (text_at(document, "/config/frames").empty() || references == 0) continue;
    std::string name;
    for (const Column& setting : settings)
      name += (name.empty() ? "" : " ") + text_at(document, setting.pointer);
    if (name.empty()) name = text_at(document, "/config/policy");
    const auto [line, is_new] = lines.try_emplace(name, chart.lines.size());
    if (is_new) chart.lines.push_back({.name = name, .points = {}, .shape = LineShape::kPoints});
    chart.lines[line->second].points.push_back(
        {double(number_at(document, "/config/frames")) *
             (double(page_size(document)) / double(chart.page_size)),
         double(number_at(document, "/replacement/misses")) / double(references)});
  }
  for (ChartLine& line : chart.lines) std::ranges::sort(line.points, {}, &ChartPoint::x);
  return chart;
}

}  // namespace

std::string sweep_json(const Documents& documents) {
  std::string array = "[";
  for (const std::string& document : documents) {
    if (array.size() > 1) array += ',';
    array += document;
  }
  return array + ']';
}

std::string sweep_csv(const Documents& documents) {
  std::string text;
  for (const Column& column : kColumns) {
    if (!text.empty()) text += ',';
    text += column.name;
  }
  text += '\n';
  for (const json& document : parsed(documents)) {
    std::string row;
    for (const Column& column : kColumns) {
      if (&column != kColumns) row += ',';
      row += csv_field(text_at(document, column.pointer));
    }
    text += row + '\n';
  }
  return text;
}

std::string sweep_text(const Documents& documents) {
  const std::vector<json> all = parsed(documents);
  if (all.empty()) return "";
  const json& first = all.front();
  std::string text = fmt::format(
      "Trace                 {} ({})\n  accesses            {:>20}\n\nMachine\n", file_names(first),
      text_at(first, "/trace/format"), grouped(number_at(first, "/trace/accesses")));
  const std::vector<Column> settings = differing_settings(all);
  for (const Column& setting : kSettings)
    if (!differs(all, setting.pointer) && !text_at(first, setting.pointer).empty())
      text += fmt::format("  {:<20}{}\n", setting.name, text_at(first, setting.pointer));
  Table table(settings.size());
  std::vector<std::string> head;
  for (const Column& setting : settings) head.emplace_back(setting.name);
  for (const char* const name :
       {"frames", "misses", "miss ratio", "evictions", "dirty", "minor", "major", "walks"})
    head.emplace_back(name);
  table.add(head);
  for (const json& document : all) {
    std::vector<std::string> row;
    for (const Column& setting : settings) row.push_back(text_at(document, setting.pointer));
    const uint64_t misses = number_at(document, "/replacement/misses");
    row.push_back(frames_text(document));
    row.push_back(grouped(misses));
    row.push_back(share(misses, number_at(document, "/trace/references")));
    for (const char* const pointer : {"/replacement/evictions", "/replacement/dirty_evictions",
                                      "/faults/minor", "/faults/major", "/walks/count"})
      row.push_back(grouped(number_at(document, pointer)));
    table.add(std::move(row));
  }
  return text + "\nConfigurations\n" + table.take();
}

std::string sweep_svg(const Documents& documents) { return chart_svg(make_chart(documents)); }
std::string sweep_html(const Documents& documents) { return chart_html(make_chart(documents)); }

}  // namespace faultline::report

namespace faultline {
namespace {

report::Documents documents_of(const SweepReport& sweep) {
  report::Documents documents;
  for (const ReplayReport& replay : sweep.replays) documents.push_back(replay_report_json(replay));
  return documents;
}

}  // namespace

std::string sweep_report_json(const SweepReport& sweep) {
  return report::sweep_json(documents_of(sweep));
}
std::string sweep_report_csv(const SweepReport& sweep) {
  return report::sweep_csv(documents_of(sweep));
}
std::string sweep_report_text(const SweepReport& sweep) {
  return report::sweep_text(documents_of(sweep));
}
std::string sweep_report_svg(const SweepReport& sweep) {
  return report::sweep_svg(documents_of(sweep));
}
std::string sweep_report_html(const SweepReport& sweep) {
  return report::sweep_html(documents_of(sweep));
}

}  // namespace faultline
