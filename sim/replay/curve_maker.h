// CurveMaker: takes the page runs of a trace, and makes miss-ratio curves of them: exactly, or from
// a sample.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>

#include "faultline/mrc.h"
#include "faultline/page_run.h"

namespace faultline::replay {

// Where pages end, and user space.
struct PageShape {
  unsigned shift = 12;    // of a page's size; kPageRunShift at least
  uint64_t user_end = 0;  // an address

  // Of one of a block's pages: the number of the page that holds it.
  uint64_t page(uint64_t number) const { return number >> (shift - kPageRunShift); }
  bool beyond_user_space(uint64_t number) const { return number >= user_end >> kPageRunShift; }
};

class CurveMaker {
 public:
  virtual ~CurveMaker() = default;
  // Takes the runs of a block, which may be none; its call is passed over. False: there are more
  // pages than MrcOptions::pages_max; no more can be taken.
  virtual bool add(const PageRunBlock& block) = 0;
  // Sets the curves, and what was sampled.
  virtual void finish(MrcReport& report) const = 0;
};

std::unique_ptr<CurveMaker> make_exact_curves(PageShape shape, const MrcOptions& options);
// REQUIRES: `options` ask for a sample.
std::unique_ptr<CurveMaker> make_sampled_curves(PageShape shape, const MrcOptions& options);

}  // namespace faultline::replay
