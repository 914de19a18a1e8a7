// Miss-ratio curves as JSON and as CSV.
#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "faultline/mrc.h"
#include "sim/report/utf8.h"

namespace faultline {
namespace {

using nlohmann::ordered_json;

void put_curve(ordered_json& to, const MissCurve& curve) {
  to["references"] = curve.references;
  to["pages"] = curve.pages;
  to["cold_misses"] = curve.cold_misses;
  ordered_json points = ordered_json::array();
  for (const MissPoint& point : curve.points)
    points.push_back(ordered_json::array({point.frames, point.misses}));
  to["curve"] = std::move(points);
}

ordered_json trace_json(const MrcReport& report) {
  ordered_json files = ordered_json::array();
  for (const std::string& file : report.files) files.push_back(report::utf8_name(file));
  return {{"files", std::move(files)}, {"format", report.format}, {"records", report.records}};
}

ordered_json sampling_json(const MrcSampling& sampling) {
  return {
      {"pages_max", sampling.pages_max ? ordered_json(*sampling.pages_max) : ordered_json(nullptr)},
      {"rate", sampling.rate},
      {"seed", sampling.seed},
      {"pages", sampling.pages},
      {"references", sampling.references},
      {"standard_error", sampling.standard_error},
      {"standard_error_max", sampling.standard_error_max}};
}

void put_points(std::string& to, std::string_view process, const MissCurve& curve) {
  for (const MissPoint& point : curve.points)
    fmt::format_to(std::back_inserter(to), "{},{},{}\n", process, point.frames, point.misses);
}

}  // namespace

std::string mrc_report_json(const MrcReport& report) {
  ordered_json document;
  put_curve(document, report.total);
  document["trace"] = trace_json(report);
  document["page_size"] = report.page_size;
  if (!report.processes.empty()) {
    ordered_json processes = ordered_json::array();
    for (const ProcessCurve& process : report.processes) {
      ordered_json one = {{"pid", process.pid}};
      put_curve(one, process.curve);
      processes.push_back(std::move(one));
    }
    document["processes"] = std::move(processes);
  }
  if (report.sampling) document["sampling"] = sampling_json(*report.sampling);
  return document.dump();
}

std::string mrc_report_csv(const MrcReport& report) {
  std::string text = "process,frames,misses\n";
  put_points(text, "all", report.total);
  for (const ProcessCurve& process : report.processes)
    put_points(text, std::to_string(process.pid), process.curve);
  return text;
}

}  // namespace faultline
