// The curve is drawn with logarithmic axes as a line from its first to its last point, then through
// the point farthest below or above that line, and so on, each time where a line is farthest off.
// Source: D. Douglas, T. Peucker, Algorithms for the reduction of the number of points required to
// represent a digitized line or its caricature, The Canadian Cartographer 10(2), 1973.
#include "sim/report/knees.h"

#include <algorithm>
#include <cmath>

namespace faultline::report {
namespace {

// How far a point must be off the line, in doublings of misses, to be a bend.
constexpr double kBendMin = 0.1;

// A line between two points of the curve, and the point in between that is farthest off.
struct Stretch {
  size_t first = 0;
  size_t last = 0;
  size_t farthest = 0;
  double off = 0;  // above 0: the curve is below the line
};

Stretch make_stretch(const std::vector<MissPoint>& points, size_t first, size_t last) {
  const auto x = [&](size_t i) { return std::log2(double(points[i].frames)); };
  const auto y = [&](size_t i) {
    return std::log2(double(std::max<uint64_t>(1, points[i].misses)));
  };
  Stretch stretch{.first = first, .last = last, .farthest = first};
  const double slope = (y(last) - y(first)) / (x(last) - x(first));
  for (size_t i = first + 1; i < last; ++i) {
    const double off = y(first) + slope * (x(i) - x(first)) - y(i);
    if (std::abs(off) <= std::abs(stretch.off)) continue;
    stretch.off = off;
    stretch.farthest = i;
  }
  return stretch;
}

}  // namespace

std::vector<uint64_t> find_knees(const MissCurve& curve, size_t most) {
  std::vector<uint64_t> knees;
  if (curve.points.size() < 3) return knees;
  std::vector<Stretch> stretches = {make_stretch(curve.points, 0, curve.points.size() - 1)};
  // At most one in two bends is a knee, or they would not alternate for long.
  for (size_t i = 0; i < 4 * most && knees.size() < most; ++i) {
    const auto worst = std::ranges::max_element(
        stretches, {}, [](const Stretch& stretch) { return std::abs(stretch.off); });
    if (std::abs(worst->off) < kBendMin) break;
    const Stretch parted = *worst;
    if (parted.off > 0) knees.push_back(curve.points[parted.farthest].frames);
    *worst = make_stretch(curve.points, parted.first, parted.farthest);
    stretches.push_back(make_stretch(curve.points, parted.farthest, parted.last));
  }
  std::ranges::sort(knees);
  return knees;
}

}  // namespace faultline::report
