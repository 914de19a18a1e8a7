#include "sim/replay/miss_curve.h"

namespace faultline::replay {

MissCurve make_curve(uint64_t references, const StackDistances& distances) {
  MissCurve curve{
      .references = references, .pages = distances.cold(), .cold_misses = distances.cold()};
  uint64_t misses = distances.cold();
  size_t points = 1;
  distances.for_each_count([&](size_t distance, uint64_t count) {
    if (distance == 1) return;
    misses += count;
    ++points;
  });
  curve.points.reserve(points);
  curve.points.push_back({.frames = 1, .misses = misses});
  distances.for_each_count([&](size_t distance, uint64_t count) {
    if (distance == 1) return;
    misses -= count;
    curve.points.push_back({.frames = distance, .misses = misses});
  });
  return curve;
}

}  // namespace faultline::replay
