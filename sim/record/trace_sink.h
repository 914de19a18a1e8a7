// TraceSink: who takes what is recorded.
#pragma once

#include "faultline/trace.h"

namespace faultline::record {

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  // Takes what comes next. False: no more is wanted; the program runs on unrecorded.
  virtual bool take(const TraceBlock& block) = 0;
};

}  // namespace faultline::record
