#include "sim/scenario/host/one_processor.h"

#include <algorithm>
#include <cstddef>

namespace faultline::host {

OneProcessor::OneProcessor() {
  sched_getaffinity(0, sizeof before_, &before_);
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<size_t>(std::max(sched_getcpu(), 0)), &here);
  sched_setaffinity(0, sizeof here, &here);
}

OneProcessor::~OneProcessor() { sched_setaffinity(0, sizeof before_, &before_); }

}  // namespace faultline::host
