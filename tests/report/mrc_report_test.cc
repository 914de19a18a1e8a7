// The report of miss-ratio curves: its JSON by the contract, CSV, text, knees, chart.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "faultline/mrc.h"
#include "sim/report/chart.h"
#include "sim/report/knees.h"

namespace faultline {
namespace {

MissCurve small_curve() {
  return {.references = 1000,
          .pages = 5,
          .cold_misses = 5,
          .points = {{1, 900}, {2, 800}, {4, 12}, {5, 5}}};
}

MrcReport small_report() {
  return {.files = {"a<b>.trace"}, .format = "lackey", .records = 990, .total = small_curve()};
}

size_t count(std::string_view text, std::string_view what) {
  size_t found = 0;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST_CASE("mrc report: the JSON document, with the contract's keys first") {
  CHECK(mrc_report_json(small_report()) ==
        R"({"references":1000,"pages":5,"cold_misses":5,"curve":[[1,900],[2,800],[4,12],[5,5]],)"
        R"("trace":{"files":["a<b>.trace"],"format":"lackey","records":990},"page_size":4096})");
}

TEST_CASE("mrc report: processes and the sample are added behind") {
  MrcReport report = small_report();
  report.processes = {{.pid = 7, .curve = small_curve()}};
  report.sampling = MrcSampling{.pages_max = 100,
                                .rate = 0.25,
                                .seed = 3,
                                .pages = 2,
                                .references = 240,
                                .standard_error = 0.5,
                                .standard_error_max = 0.75};
  CHECK(mrc_report_json(report).ends_with(
      R"(,"page_size":4096,"processes":[{"pid":7,"references":1000,"pages":5,"cold_misses":5,)"
      R"("curve":[[1,900],[2,800],[4,12],[5,5]]}],"sampling":{"pages_max":100,"rate":0.25,)"
      R"("seed":3,"pages":2,"references":240,"standard_error":0.5,"standard_error_max":0.75}})"));
  CHECK(mrc_report_csv(report) ==
        "process,frames,misses\nall,1,900\nall,2,800\nall,4,12\nall,5,5\n7,1,900\n7,2,800\n7,4,12\n"
        "7,5,5\n");
  const std::string text = mrc_report_text(report);
  CHECK(text.find("from a sample of the pages, seed 3") != text.npos);
  CHECK(text.find("50.00 %   of the miss ratio; at most 75.00 %") != text.npos);
}

TEST_CASE("mrc report: the text has powers of two, the knee, and the last size") {
  CHECK(mrc_report_text(small_report()) ==
        "Trace                 a<b>.trace (lackey)\n"
        "  accesses                             990\n"
        "  page references                    1,000\n"
        "  pages                                  5   20 KiB\n"
        "\n"
        "LRU in memory of      pages of 4 KiB\n"
        "        frames        size              misses  miss ratio\n"
        "             1       4 KiB                 900     90.00 %\n"
        "             2       8 KiB                 800     80.00 %\n"
        "             4      16 KiB                  12      1.20 %   knee\n"
        "             5      20 KiB                   5      0.50 %   cold misses alone\n");
}

TEST_CASE("mrc report: of a sample the text begins where its curve does") {
  MrcReport report = small_report();
  report.total.points = {{3, 800}, {4, 12}, {12, 5}};
  report.sampling = MrcSampling{.rate = 1.0 / 3};
  const std::string text = mrc_report_text(report);
  CHECK(count(text, "KiB                 ") == 3);
  CHECK(text.find("1,000     100.00 %") == text.npos);
  CHECK(text.find("             4      16 KiB                  12") != text.npos);
}

TEST_CASE("chart: the picture is as high as its legend") {
  report::Chart chart{.title = "t", .x_label = "x", .y_label = "y", .lines = {}};
  const auto height = [&chart] {
    const std::string svg = report::chart_svg(chart);
    const size_t at = svg.find("height=\"") + 8;
    return std::stod(svg.substr(at));
  };
  const double least = height();
  for (int i = 0; i < 50; ++i) chart.lines.push_back({.name = "line", .points = {}});
  const std::string svg = report::chart_svg(chart);
  const size_t last = svg.rfind("<text x=");
  const double y = std::stod(svg.substr(svg.find("y=\"", last) + 3));
  CHECK(y > least);
  CHECK(y < height());
}

TEST_CASE("knees: where loops fit, and nowhere on a straight line") {
  MissCurve loops{.references = 1'000'000, .pages = 5000, .cold_misses = 5000, .points = {}};
  for (uint64_t frames = 1; frames <= 5000; ++frames) {
    const uint64_t misses = frames < 100 ? 900'000 : frames < 2000 ? 60'000 : 5000;
    loops.points.push_back({frames, misses - std::min<uint64_t>(frames, 4000) / 10});
  }
  CHECK(report::find_knees(loops, 8) == std::vector<uint64_t>{100, 2000});
  CHECK(report::find_knees(loops, 1).size() == 1);
  MissCurve straight{.references = 1 << 20, .pages = 1, .cold_misses = 1, .points = {}};
  for (uint64_t frames = 1; frames <= 1 << 20; frames *= 2)
    straight.points.push_back({frames, (1 << 20) / frames});
  CHECK(report::find_knees(straight, 8).empty());
  CHECK(report::find_knees({.points = {{1, 0}}}, 8).empty());
}

TEST_CASE("chart: an SVG document that needs nothing else, whatever the names are") {
  MrcReport report = small_report();
  report.processes = {{.pid = 7, .curve = small_curve()}, {.pid = 8, .curve = small_curve()}};
  const std::string svg = mrc_report_svg(report);
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("a&lt;b&gt;.trace") != svg.npos);
  CHECK(svg.find("a<b>") == svg.npos);
  CHECK(count(svg, "<path") == 3);
  CHECK(svg.find("process 8") != svg.npos);
  CHECK(count(svg, "http") == 1);  // the name space alone
  CHECK(svg.find("prefers-color-scheme:dark") != svg.npos);
  const std::string html = mrc_report_html(report);
  CHECK(html.starts_with("<!DOCTYPE html>"));
  CHECK(html.find(svg) != html.npos);
}

TEST_CASE("chart: a step is where its x is, and a long curve takes few points") {
  report::Chart chart{.title = "t", .x_label = "x", .y_label = "y", .lines = {}};
  // 1 to 16 frames over 640 units from 72 on, 1 to 0.1 over 360 from 52 on.
  chart.lines.push_back({.name = "one", .points = {{1, 1}, {4, 0.1}, {16, 0.1}}});
  CHECK(report::chart_svg(chart).find("d=\"M72 52H392V412H712\"") != std::string::npos);
  report::ChartLine longer{.name = "long", .points = {}};
  for (int i = 1; i <= 1'000'000; ++i) longer.points.push_back({double(i), 1 / double(i)});
  chart.lines = {longer};
  CHECK(report::chart_svg(chart).size() < 40'000);
  chart.lines = {{.name = "none", .points = {}}};
  CHECK(report::chart_svg(chart).find("none") != std::string::npos);
}

}  // namespace
}  // namespace faultline
