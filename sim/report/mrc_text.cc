// Miss-ratio curves for a person: a table, and a chart.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/mrc.h"
#include "sim/report/chart.h"
#include "sim/report/knees.h"
#include "sim/report/numbers.h"

namespace faultline {
namespace {

using report::byte_size;
using report::grouped;
using report::share;

constexpr size_t kKneesMax = 8;

std::string file_names(const MrcReport& report) {
  std::string files;
  for (const std::string& file : report.files) files += (files.empty() ? "" : " ") + file;
  return files;
}

// The column of a policy.
size_t policy_width(const PolicyCurve& curve) {
  return std::max<size_t>(curve.policy.size() + 2, 16);
}

// Powers of two up to the first at which all pages fit, and knees. Below `first` nothing is known.
std::vector<uint64_t> shown_sizes(const MissCurve& curve, uint64_t first,
                                  const std::vector<uint64_t>& knees) {
  std::vector<uint64_t> sizes = knees;
  const uint64_t last = curve.points.back().frames;
  for (uint64_t frames = 1; frames < last; frames *= 2)
    if (frames >= first) sizes.push_back(frames);
  sizes.push_back(last);
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

class Lines {
 public:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    const std::string line = fmt::format(format, std::forward<Args>(args)...);
    text_ += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void put_head(Lines& lines, const MrcReport& report) {
  lines.add("Trace                 {} ({})", file_names(report), report.format);
  for (const std::string& text : report.damage) lines.add("  left out: {}", text);
  lines.add("  {:<20}{:>20}", "accesses", grouped(report.records));
  lines.add("  {:<20}{:>20}", "page references", grouped(report.total.references));
  lines.add("  {:<20}{:>20}   {}", "pages", grouped(report.total.pages),
            byte_size(report.total.pages * report.page_size));
  if (!report.sampling) return;
  const MrcSampling& sampling = *report.sampling;
  lines.add("");
  lines.add("Estimated             from a sample of the pages, seed {}", sampling.seed);
  lines.add("  {:<20}{:>20}   {:.4g} %", "pages in the sample", grouped(sampling.pages),
            100 * sampling.rate);
  lines.add("  {:<20}{:>20}", "references to them", grouped(sampling.references));
  lines.add("  {:<20}{:>18.2f} %   of the miss ratio; at most {:.2f} %", "standard error",
            100 * sampling.standard_error, 100 * sampling.standard_error_max);
}

void put_curve(Lines& lines, const MrcReport& report) {
  const MissCurve& curve = report.total;
  const std::vector<uint64_t> knees = report::find_knees(curve, kKneesMax);
  lines.add("");
  lines.add("LRU in memory of      pages of {}", byte_size(report.page_size));
  lines.add("  {:>12}{:>12}{:>20}{:>12}", "frames", "size", "misses", "miss ratio");
  const uint64_t first = report.sampling ? curve.points.front().frames : 1;
  for (const uint64_t frames : shown_sizes(curve, first, knees)) {
    const uint64_t misses = curve.misses_at(frames);
    const bool is_knee = std::ranges::binary_search(knees, frames);
    const bool is_last = frames == curve.points.back().frames;
    lines.add("  {:>12}{:>12}{:>20}{:>12}   {}", grouped(frames),
              byte_size(frames * report.page_size), grouped(misses),
              share(misses, curve.references),
              is_last   ? "cold misses alone"
              : is_knee ? "knee"
                        : "");
  }
}

// Misses, a column a policy.
void put_policies(Lines& lines, const MrcReport& report) {
  if (report.policies.empty()) return;
  lines.add("");
  lines.add("Misses by policy");
  std::string head = fmt::format("  {:>12}{:>12}", "frames", "size");
  for (const PolicyCurve& curve : report.policies)
    head += fmt::format("{:>{}}", curve.policy, policy_width(curve));
  lines.add("{}", head);
  for (size_t i = 0; i < report.policies.front().points.size(); ++i) {
    const uint64_t frames = report.policies.front().points[i].frames;
    std::string line =
        fmt::format("  {:>12}{:>12}", grouped(frames), byte_size(frames * report.page_size));
    for (const PolicyCurve& curve : report.policies)
      line += fmt::format("{:>{}}", grouped(curve.points[i].misses), policy_width(curve));
    lines.add("{}", line);
  }
}

void put_processes(Lines& lines, const MrcReport& report) {
  if (report.processes.empty()) return;
  lines.add("");
  lines.add("Processes, each alone");
  lines.add("  {:>12}{:>20}{:>12}{:>20}", "pid", "references", "pages", "cold misses from");
  for (const ProcessCurve& process : report.processes)
    lines.add("  {:>12}{:>20}{:>12}{:>13} frames", process.pid, grouped(process.curve.references),
              grouped(process.curve.pages), grouped(process.curve.points.back().frames));
}

report::ChartLine make_line(std::string name, const MissCurve& curve) {
  report::ChartLine line{.name = std::move(name), .points = {}};
  if (curve.references == 0) return line;
  for (const MissPoint& point : curve.points)
    line.points.push_back({double(point.frames), double(point.misses) / double(curve.references)});
  return line;
}

report::ChartLine make_line(const PolicyCurve& curve, uint64_t references) {
  report::ChartLine line{.name = curve.policy, .points = {}, .shape = report::LineShape::kPoints};
  if (references == 0) return line;
  for (const PolicyPoint& point : curve.points)
    line.points.push_back({double(point.frames), double(point.misses) / double(references)});
  return line;
}

report::Chart make_chart(const MrcReport& report) {
  report::Chart chart{
      .title = fmt::format("Misses{} by the size of memory: {}",
                           report.policies.empty() ? " of LRU" : "", file_names(report)),
      .x_label = "memory, in frames",
      .y_label = report.sampling ? "share of references that miss (estimated)"
                                 : "share of references that miss",
      .page_size = report.page_size,
      .lines = {}};
  chart.lines.push_back(
      make_line(report.processes.empty() ? "LRU" : "all processes", report.total));
  for (const PolicyCurve& curve : report.policies)
    chart.lines.push_back(make_line(curve, report.total.references));
  for (const ProcessCurve& process : report.processes)
    chart.lines.push_back(make_line(fmt::format("process {}", process.pid), process.curve));
  return chart;
}

}  // namespace

std::string mrc_report_text(const MrcReport& report) {
  Lines lines;
  put_head(lines, report);
  put_curve(lines, report);
  put_policies(lines, report);
  put_processes(lines, report);
  return lines.take();
}

std::string mrc_report_svg(const MrcReport& report) { return chart_svg(make_chart(report)); }
std::string mrc_report_html(const MrcReport& report) { return chart_html(make_chart(report)); }

}  // namespace faultline
