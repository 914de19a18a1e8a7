#include "sim/scenario/verify/shrink.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace faultline::verify {
namespace {

using Lines = std::vector<std::string>;

Lines without(const Lines& lines, size_t first, size_t count) {
  Lines rest(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(first));
  rest.insert(rest.end(),
              lines.begin() + static_cast<std::ptrdiff_t>(std::min(first + count, lines.size())),
              lines.end());
  return rest;
}

}  // namespace

// From the end backwards: what comes late rarely matters to what comes before.
Lines shrink(Lines lines, uint64_t questions_max,
             const std::function<bool(const Lines&)>& still_differs) {
  uint64_t questions = 0;
  size_t piece = std::max<size_t>(lines.size() / 2, 1);
  while (!lines.empty()) {
    bool changed = false;
    for (size_t end = lines.size(); end > 0 && questions < questions_max;) {
      const size_t first = end - std::min(piece, end);
      Lines rest = without(lines, first, end - first);
      ++questions;
      if (!rest.empty() && still_differs(rest)) {
        lines = std::move(rest);
        changed = true;
      }
      end = std::min(first, lines.size());
    }
    if (questions >= questions_max) break;
    if (piece == 1 && !changed) break;
    if (!changed || piece > 1) piece = std::max<size_t>(piece / 2, 1);
  }
  return lines;
}

}  // namespace faultline::verify
