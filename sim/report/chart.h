// Charts: lines over an axis of sizes, as an SVG document that needs nothing else, and as an HTML
// page with it in. Light or dark as the reader's system is.
//
// Both axes are logarithmic: what memory costs and what it gains are both a matter of factors.
// Units: of a point, x is frames of memory (1 at least) and y a share, 0 to 1; a point with y = 0
// lies on the lower edge.
// Threads: pure; any thread may use it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace faultline::report {

struct ChartPoint {
  double x = 1;
  double y = 0;
};

enum class LineShape : uint8_t {
  kSteps,   // each point holds up to the next one's x
  kPoints,  // straight lines between points, which are marked
};

struct ChartLine {
  std::string name;
  std::vector<ChartPoint> points;  // x rises
  LineShape shape = LineShape::kSteps;
};

struct Chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  uint64_t page_size = 4096;  // for the sizes in bytes below the axis
  std::vector<ChartLine> lines;
};

std::string chart_svg(const Chart& chart);
std::string chart_html(const Chart& chart);

}  // namespace faultline::report
