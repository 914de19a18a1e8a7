#include "sim/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>

#include "sim/report/numbers.h"
#include "sim/report/utf8.h"

namespace faultline::report {
namespace {

// Of the drawing, in its own units.
constexpr double kLeft = 72;
constexpr double kTop = 52;
constexpr double kPlotWidth = 640;
constexpr double kPlotHeight = 360;
constexpr double kRight = kLeft + kPlotWidth;
constexpr double kBottom = kTop + kPlotHeight;
constexpr double kHeight = kBottom + 72;
constexpr double kLegendLeft = kRight + 20;
constexpr double kLegendLine = 20;
constexpr double kLetter = 6.6;        // how wide a letter is, about
constexpr double kLabelDistance = 56;  // between labels of the x axis, at least

// Of lines, in turn. Source: M. Okabe, K. Ito, Color Universal Design, 2008; two of them darker, so
// that they can be seen on white.
constexpr std::array<std::string_view, 7> kColours = {"#1f83c9", "#d55e00", "#009e73", "#cc79a7",
                                                      "#b8860b", "#5b6fd8", "#7f7f7f"};
// When the colours have been used up.
constexpr std::array<std::string_view, 4> kDashes = {"none", "6 3", "2 3", "8 3 2 3"};

constexpr std::string_view kStyle =
    "svg.chart{font:12px system-ui,sans-serif;--ink:#1c1c1c;--faint:#d9d9d9;--paper:#ffffff}"
    "@media (prefers-color-scheme:dark){svg.chart{--ink:#e4e4e4;--faint:#3c3c3c;--paper:#161616}}"
    ".chart .paper{fill:var(--paper)}.chart text{fill:var(--ink)}"
    ".chart .title{font-size:15px;font-weight:600}.chart .grid{stroke:var(--faint)}"
    ".chart .axis{stroke:var(--ink)}.chart .line{fill:none;stroke-width:1.8;"
    "stroke-linejoin:round}.chart .mark{stroke:var(--paper)}";

// Text of XML: control characters cannot stand in it.
std::string escaped(const std::string& text) {
  std::string plain;
  for (const char c : utf8_name(text)) {
    switch (c) {
      case '&':
        plain += "&amp;";
        break;
      case '<':
        plain += "&lt;";
        break;
      case '>':
        plain += "&gt;";
        break;
      case '"':
        plain += "&quot;";
        break;
      default:
        plain += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
    }
  }
  return plain;
}

// The marks of the y axis: 1, 2 and 5 times powers of ten, from 1 down.
constexpr std::array<double, 28> kShares = {
    1,    0.5,  0.2,  0.1,  5e-2, 2e-2, 1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5,
    2e-5, 1e-5, 5e-6, 2e-6, 1e-6, 5e-7, 2e-7, 1e-7, 5e-8, 2e-8, 1e-8, 5e-9, 2e-9, 1e-9};
constexpr size_t kSharesADecade = 3;
// With more than so many marks on the axis, powers of ten alone.
constexpr size_t kMarksMax = 8;

// From values to places in the drawing. The x axis goes from 2^first_bit to 2^last_bit, the y axis
// from kShares[top] down to kShares[bottom].
struct Axes {
  int first_bit = 0;
  int last_bit = 1;
  size_t top = 0;
  size_t bottom = kSharesADecade;
  size_t step = 1;  // of the marks

  double x(double frames) const {
    return kLeft + kPlotWidth * (std::log2(frames) - first_bit) / (last_bit - first_bit);
  }
  double y(double share) const {
    if (share <= kShares[bottom]) return kBottom;
    return kTop +
           kPlotHeight * std::log(kShares[top] / share) / std::log(kShares[top] / kShares[bottom]);
  }
};

void fit_y(Axes& axes, double smallest, double largest) {
  axes.top = 0;
  while (axes.top + 2 < kShares.size() && kShares[axes.top + 1] >= largest) ++axes.top;
  axes.bottom = axes.top + 1;
  while (axes.bottom + 1 < kShares.size() && kShares[axes.bottom] > smallest) ++axes.bottom;
  if (axes.bottom - axes.top <= kMarksMax) return;
  axes.step = kSharesADecade;
  axes.top -= axes.top % kSharesADecade;
  axes.bottom += (kSharesADecade - axes.bottom % kSharesADecade) % kSharesADecade;
}

Axes make_axes(const Chart& chart) {
  double first = 0;
  double last = 0;
  double smallest = 0;
  double largest = 0;
  for (const ChartLine& line : chart.lines) {
    for (const ChartPoint& point : line.points) {
      first = first == 0 ? point.x : std::min(first, point.x);
      last = std::max(last, point.x);
      largest = std::max(largest, point.y);
      if (point.y > 0) smallest = smallest == 0 ? point.y : std::min(smallest, point.y);
    }
  }
  Axes axes;
  if (first > 0) {
    // Rounding must not add a doubling.
    axes.first_bit = static_cast<int>(std::floor(std::log2(first) + 1e-9));
    axes.last_bit =
        std::max(axes.first_bit + 1, static_cast<int>(std::ceil(std::log2(last) - 1e-9)));
  }
  if (smallest > 0) fit_y(axes, smallest, largest);
  return axes;
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart), axes_(make_axes(chart)) {}

  std::string draw() {
    const double width = kLegendLeft + legend_width();
    const double height = std::max(kHeight, kTop + kLegendLine * double(chart_.lines.size() + 1));
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
        "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\">\n",
        width, height);
    put("<title>{}</title>\n<style>{}</style>\n", escaped(chart_.title), kStyle);
    put("<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
    put("<text class=\"title\" x=\"{:.0f}\" y=\"26\">{}</text>\n", kLeft, escaped(chart_.title));
    put_x_axis();
    put_y_axis();
    for (size_t i = 0; i < chart_.lines.size(); ++i) put_line(i);
    put("</svg>\n");
    return std::move(out_);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  // Of a mark in percent: 1e-9 is 0.0000001 %.
  static size_t decimals(size_t mark) {
    const size_t tenths = (mark + kSharesADecade - 1) / kSharesADecade;
    return tenths < 2 ? 0 : tenths - 2;
  }

  double legend_width() const {
    size_t letters = 8;
    for (const ChartLine& line : chart_.lines) letters = std::max(letters, line.name.size());
    return 34 + kLetter * double(letters);
  }

  void put_x_axis() {
    const double each = kPlotWidth / (axes_.last_bit - axes_.first_bit);
    const int step = static_cast<int>(std::ceil(kLabelDistance / each));
    for (int i = axes_.first_bit; i <= axes_.last_bit; i += step) {
      const double x = axes_.x(std::ldexp(1, i));
      put("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>\n", x,
          kTop, kBottom);
      put("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", x, kBottom + 18,
          grouped(uint64_t{1} << i));
      put("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" opacity=\"0.65\">{}</text>\n", x,
          kBottom + 34, byte_size(chart_.page_size << i));
    }
    put("<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>\n",
        kLeft, kRight, kBottom);
    put("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
        kLeft + kPlotWidth / 2, kBottom + 58, escaped(chart_.x_label));
  }

  void put_y_axis() {
    for (size_t i = axes_.top; i <= axes_.bottom; i += axes_.step) {
      const double y = axes_.y(kShares[i]);
      put("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>\n",
          kLeft, kRight, y);
      put("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{:.{}f} %</text>\n", kLeft - 8,
          y + 4, 100 * kShares[i], decimals(i));
    }
    put("<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>\n",
        kLeft, kTop, kBottom);
    put("<text transform=\"translate(16 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
        kTop + kPlotHeight / 2, escaped(chart_.y_label));
  }

  void put_line(size_t index) {
    const ChartLine& line = chart_.lines[index];
    const std::string look =
        fmt::format("stroke=\"{}\" stroke-dasharray=\"{}\"", kColours[index % kColours.size()],
                    kDashes[index / kColours.size() % kDashes.size()]);
    const double y = kTop + 10 + kLegendLine * double(index);
    put("<line class=\"line\" {} x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n", look,
        kLegendLeft, kLegendLeft + 22, y, y);
    put("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kLegendLeft + 28, y + 4, escaped(line.name));
    if (line.points.empty()) return;
    put("<path class=\"line\" {} d=\"{}\"/>\n", look,
        line.shape == LineShape::kSteps ? steps(line) : straight(line));
    if (line.shape != LineShape::kPoints) return;
    for (const ChartPoint& point : line.points)
      put("<circle class=\"mark\" fill=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"/>\n",
          kColours[index % kColours.size()], axes_.x(point.x), axes_.y(point.y));
  }

  // A curve may have millions of points: of those that fall into one place the last one counts.
  std::string steps(const ChartLine& line) const {
    std::string path;
    double last_y = -1;
    const auto place = [](double value) { return std::round(value * 2) / 2; };
    for (size_t i = 0; i < line.points.size(); ++i) {
      const double x = place(axes_.x(line.points[i].x));
      if (i + 1 < line.points.size() && place(axes_.x(line.points[i + 1].x)) == x) continue;
      const double y = std::round(axes_.y(line.points[i].y) * 10) / 10;
      if (y == last_y) continue;
      path += path.empty() ? fmt::format("M{:g} {:g}", x, y) : fmt::format("H{:g}V{:g}", x, y);
      last_y = y;
    }
    // What the largest size has, all beyond it have.
    return path + fmt::format("H{:g}", kRight);
  }
  std::string straight(const ChartLine& line) const {
    std::string path;
    for (const ChartPoint& point : line.points)
      fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L',
                     axes_.x(point.x), axes_.y(point.y));
    return path;
  }

  const Chart& chart_;
  const Axes axes_;
  std::string out_;
};

}  // namespace

std::string chart_svg(const Chart& chart) { return Drawing(chart).draw(); }

std::string chart_html(const Chart& chart) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n"
      "<style>:root{{color-scheme:light dark}}body{{margin:2rem;background:#fff}}"
      "@media (prefers-color-scheme:dark){{body{{background:#161616}}}}"
      "svg{{max-width:100%;height:auto}}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      escaped(chart.title), chart_svg(chart));
}

}  // namespace faultline::report
