#include "sim/replay/miss_curve.h"

namespace faultline::replay {

MissCurve make_curve(const DistanceCounts& distances) {
  uint64_t misses = distances.cold;
  for (size_t distance = 2; distance < distances.counts.size(); ++distance)
    misses += distances.counts[distance];
  MissCurve curve{.references = distances.references,
                  .pages = distances.cold,
                  .cold_misses = distances.cold,
                  .points = {{.frames = 1, .misses = misses}}};
  for (size_t distance = 2; distance < distances.counts.size(); ++distance) {
    if (distances.counts[distance] == 0) continue;
    misses -= distances.counts[distance];
    curve.points.push_back({.frames = distance, .misses = misses});
  }
  return curve;
}

}  // namespace faultline::replay
