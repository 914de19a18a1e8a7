// Miss-ratio curves as JSON and as CSV.
#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

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
  ordered_json trace = {
      {"files", std::move(files)}, {"format", report.format}, {"records", report.records}};
  for (const std::string& text : report.damage) trace["damage"].push_back(report::utf8_name(text));
  return trace;
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

ordered_json policies_json(const MrcReport& report) {
  ordered_json policies = ordered_json::array();
  for (const PolicyCurve& curve : report.policies) {
    ordered_json points = ordered_json::array();
    for (const PolicyPoint& point : curve.points) {
      points.push_back({{"frames", point.frames},
                        {"misses", point.misses},
                        {"evictions", point.evictions},
                        {"dirty_evictions", point.dirty_evictions}});
    }
    policies.push_back({{"policy", curve.policy}, {"points", std::move(points)}});
  }
  return policies;
}

// `end` goes behind each line.
void put_points(std::string& to, std::string_view process, const MissCurve& curve,
                std::string_view end) {
  for (const MissPoint& point : curve.points) {
    fmt::format_to(std::back_inserter(to), "{},{},{}{}\n", process, point.frames, point.misses,
                   end);
  }
}

// A name with several options has commas in it.
std::string quoted(const std::string& policy) {
  return policy.find(',') == std::string::npos ? policy : '"' + policy + '"';
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
  if (!report.policies.empty()) document["policies"] = policies_json(report);
  return document.dump();
}

std::string mrc_report_csv(const MrcReport& report) {
  const bool several = !report.policies.empty();
  const std::string_view lru = several ? ",lru" : "";
  std::string text = several ? "process,frames,misses,policy\n" : "process,frames,misses\n";
  put_points(text, "all", report.total, lru);
  for (const ProcessCurve& process : report.processes)
    put_points(text, std::to_string(process.pid), process.curve, lru);
  for (const PolicyCurve& curve : report.policies) {
    for (const PolicyPoint& point : curve.points) {
      fmt::format_to(std::back_inserter(text), "all,{},{},{}\n", point.frames, point.misses,
                     quoted(curve.policy));
    }
  }
  return text;
}

}  // namespace faultline
