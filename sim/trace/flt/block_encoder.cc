#include "sim/trace/flt/block_encoder.h"

#include "sim/trace/flt/access_codec.h"
#include "sim/trace/flt/run_encoder.h"

namespace faultline::trace {

std::unique_ptr<BlockEncoder> make_block_encoder(TraceFilter filter) {
  if (filter == TraceFilter::kRuns) return std::make_unique<RunEncoder>();
  return std::make_unique<AccessEncoder>();
}

}  // namespace faultline::trace
